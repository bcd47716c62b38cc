"""The values that functions have under a name when they return: where does it begin to be wrong?"""

import ast
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from npgpt_learn.marking.code import Code, Failure
from npgpt_learn.marking.comparing import numbers, same
from npgpt_learn.marking.marking import Case, Results

END = sys.maxsize
"""The line of what is written nowhere: parameters are looked at last."""


@dataclass(frozen=True)
class Call:
    """A call of a function.

    Attributes:
        given: its parameters, as they were given.
        variables: its variables when it returned, parameters too.
        returned: what it returned.
    """

    given: Results
    variables: Results
    returned: Any


@dataclass
class Steps:
    """What a file's functions were given, had and returned.

    Attributes:
        source: of the file.
        calls: function, or Class.method -> its calls.
    """

    source: str
    calls: dict[str, list[Call]] = field(default_factory=dict)


def steps_of(source: str, filename: str, case: Case) -> Steps:
    """The steps of a file's functions for a case."""
    found = Steps(source)
    given: dict[FrameType, Results] = {}

    def see(frame: FrameType, event: str, value: Any) -> None:
        if frame.f_code.co_filename != filename or frame.f_code.co_name.startswith("<"):
            return  # of another file, or no function that has a name
        if event == "call":
            given[frame] = {name: _copied(value) for name, value in frame.f_locals.items()}
        elif event == "return":
            call = Call(given.pop(frame, {}), dict(frame.f_locals), value)
            found.calls.setdefault(frame.f_code.co_qualname, []).append(call)

    with suppress(Failure):
        code = Code(source, filename)
        sys.setprofile(see)
        try:
            code.watched(lambda: case.measure(code))
        finally:
            sys.setprofile(None)
    return found


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


@dataclass(frozen=True)
class Step:
    """A variable with another value than the solution's.

    Attributes:
        name: of the variable.
        function: that has it, or Class.method.
        lines: where the solution writes the variables of the function.
        value: what it is.
        truth: what it should be.
    """

    name: str
    function: str
    lines: Mapping[str, Sequence[int]]
    value: Any
    truth: Any


def wrong_steps(steps: Steps, right: Steps) -> list[Step]:
    """The variables with other values than the solution's, in the order in which it writes them.

    They are those of calls that are given what they should be and do not return what they should.
    """
    found = []
    for function, calls in right.calls.items():
        lines = _lines(right.source, function)
        for call, theirs in zip(calls, steps.calls.get(function, ()), strict=False):
            if not _given_alike(theirs, call) or _returned_alike(theirs.returned, call.returned):
                continue
            for name in sorted(call.variables, key=lambda n: lines[n][-1] if n in lines else END):
                value, truth = _stacked(theirs.variables.get(name)), _stacked(call.variables[name])
                if value is not None and numbers(truth) is not None and not same(value, truth):
                    found.append(Step(name, function, lines, value, truth))
    return found


def first_wrong(result: str, wrong: Sequence[Step], results: Results) -> Step | None:
    """The first variable that is none of the results, and is not written later than the result.

    A result such as "keys in the cache" has a word that is the variable's name.
    """
    for step in wrong:
        mine = step.lines.get(step.name)
        its = next((step.lines[word] for word in result.split() if word in step.lines), None)
        later = mine and its and mine[0] >= its[0]
        if not later and step.name not in results and step.name not in result.split():
            return step
    return None


def _given_alike(call: Call, right: Call) -> bool:
    """Whether a function was given the arrays and numbers that it should be."""
    return all(
        numbers(_stacked(value)) is None or same(_stacked(call.given.get(name)), _stacked(value))
        for name, value in right.given.items()
    )


def _returned_alike(value: Any, right: Any) -> bool:
    """Whether a function returned what it should, and something at all."""
    if isinstance(right, tuple) and isinstance(value, tuple) and len(value) == len(right):
        return all(map(same, value, right))
    return right is not None and same(value, right)


def _stacked(value: Any) -> Any:
    """One array of those in a tuple or list, if they fit; anything else as it is."""
    several = isinstance(value, tuple | list) and bool(value)
    if several and all(isinstance(item, np.ndarray) for item in value):
        with suppress(ValueError):
            return np.stack(value)
    return value


def _lines(source: str, function: str) -> dict[str, list[int]]:
    """The lines in which a function, or Class.method, writes each variable, or into it."""
    lines: dict[str, list[int]] = {}
    found: ast.AST = ast.parse(source)
    for part in function.split("."):
        inside = getattr(found, "body", ())
        found = next((node for node in inside if getattr(node, "name", "") == part), ast.Pass())
    for node in ast.walk(found):
        target = node.value if isinstance(node, ast.Subscript) else node
        stored = isinstance(getattr(node, "ctx", None), ast.Store)
        if stored and isinstance(target, ast.Name):
            lines[target.id] = sorted([*lines.get(target.id, ()), target.lineno])
    return lines
