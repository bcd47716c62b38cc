"""The values that functions have under a name when they return: where does it begin to be wrong?"""

import sys
from contextlib import suppress
from types import FrameType
from typing import Any

from npgpt_learn.marking.code import Code, Failure
from npgpt_learn.marking.comparing import numbers, same
from npgpt_learn.marking.marking import Case, Results


def steps_of(source: str, filename: str, case: Case) -> Results:
    """The local variables of a file's functions in the order in which they are made.

    Parameters come after them, with what was written into them.
    """
    found: Results = {}

    def see(frame: FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code.co_filename == filename:
            parameters = frame.f_code.co_varnames[: frame.f_code.co_argcount]
            made = {name: v for name, v in frame.f_locals.items() if name not in parameters}
            found.update({**made, **frame.f_locals})

    with suppress(Failure):
        code = Code(source, filename)
        sys.setprofile(see)
        try:
            case.measure(code)
        finally:
            sys.setprofile(None)
    return found


def first_wrong(steps: Results, right: Results, results: Results) -> str:
    """The first name with another value than the solution has for it; no result; "" if none."""
    for name, value in right.items():
        if name in results or name not in steps or numbers(value) is None:
            continue
        if not same(steps[name], value):
            return name
    return ""
