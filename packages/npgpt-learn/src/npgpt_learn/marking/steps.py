"""The values that functions have under a name when they return: where does it begin to be wrong?"""

import ast
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from npgpt_learn.marking.code import Code, Failure
from npgpt_learn.marking.comparing import numbers, same
from npgpt_learn.marking.marking import Case, Results


@dataclass
class Steps:
    """What the functions of a file had and gave when they were called last.

    Attributes:
        source: of the file.
        variables: function, or Class.method -> its variables. Parameters come after the others,
            with what was written into them.
        returned: function, or Class.method -> what it returned.
    """

    source: str
    variables: dict[str, Results] = field(default_factory=dict)
    returned: Results = field(default_factory=dict)


def steps_of(source: str, filename: str, case: Case) -> Steps:
    """The steps of a file's functions for a case."""
    found = Steps(source)

    def see(frame: FrameType, event: str, value: Any) -> None:
        if event == "return" and frame.f_code.co_filename == filename:
            function = frame.f_code.co_qualname
            parameters = frame.f_code.co_varnames[: frame.f_code.co_argcount]
            made = {name: v for name, v in frame.f_locals.items() if name not in parameters}
            found.variables[function] = {**made, **frame.f_locals}
            found.returned[function] = value

    with suppress(Failure):
        code = Code(source, filename)
        sys.setprofile(see)
        try:
            code.watched(lambda: case.measure(code))
        finally:
            sys.setprofile(None)
    return found


def first_wrong(result: str, steps: Steps, right: Steps, results: Results) -> tuple[str, Any, Any]:
    """The first variable with another value than the solution's: name, value, and what is right.

    It is none of the results, it stands in a function that does not return what it should, and the
    solution does not write it later than the result. The name is "" if there is none.
    """
    for function, truth in right.variables.items():
        values = steps.variables.get(function, {})
        if not values or _returned_alike(steps.returned[function], right.returned[function]):
            continue
        written = _written(right.source, function)
        for name, value in truth.items():
            later = result in written and written.get(name, 0) >= written[result]
            if later or name in results or name in result.split() or name not in values:
                continue
            if numbers(value) is not None and not same(values[name], value):
                return name, values[name], value
    return "", None, None


def _returned_alike(value: Any, right: Any) -> bool:
    """Whether a function returned what it should, and something at all."""
    if isinstance(right, tuple) and isinstance(value, tuple) and len(value) == len(right):
        return all(map(same, value, right))
    return right is not None and same(value, right)


def _written(source: str, function: str) -> dict[str, int]:
    """The line in which a function, or Class.method, first writes each variable, or into it."""
    lines: dict[str, int] = {}
    found: ast.AST = ast.parse(source)
    for part in function.split("."):
        inside = getattr(found, "body", ())
        found = next((node for node in inside if getattr(node, "name", "") == part), ast.Pass())
    for node in ast.walk(found):
        target = node.value if isinstance(node, ast.Subscript) else node
        stored = isinstance(getattr(node, "ctx", None), ast.Store)
        if stored and isinstance(target, ast.Name):
            lines[target.id] = min(target.lineno, lines.get(target.id, target.lineno))
    return lines
