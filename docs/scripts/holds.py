"""Hold what the documents rank, compare or conclude to the numbers that programs wrote.

A marker stands right after its sentence. It names a file, relative to docs/results/, and the claims
that must be true of it, with semicolons between them:

    char is ahead. <!-- holds: experiments/report.json runs.char.loss < runs.bpe.loss -->

A claim compares (`<`, `<=`, `>`, `>=`, `==`, `!=`, in chains too) what `+ - * /` make of numbers,
``"texts"`` and dotted keys. A ``*`` in a key stands for every name at its place, ``seed-*`` for
those that begin so: `max(runs.*.loss)` is the largest of all runs, `argmax(runs.*.loss)` the name
of the run that has it. `abs` is the absolute value.
"""

from __future__ import annotations

import ast
import fnmatch
import json
import operator
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

KEY = re.compile(r'"[^"]*"|[A-Za-z_]\w*(?:[.-](?:\w+\*?|\*))+')  # a hyphen in a key has no spaces
OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "min": lambda *of: min(_numbers(*of)),
    "max": lambda *of: max(_numbers(*of)),
    "argmin": lambda of: min(of, key=of.get),
    "argmax": lambda of: max(of, key=of.get),
}


def false_claims(marker: str, folder: Path) -> list[str]:
    """Those claims of ``path claim; claim`` that are not true of the file in ``folder``."""
    path, _, claims = marker.partition(" ")
    data = json.loads((folder / path).read_text("utf-8"))
    return [claim.strip() for claim in claims.split(";") if not is_true(claim.strip(), data)]


def is_true(claim: str, data: Any) -> bool:
    """Whether a comparison is true of ``data``; a ``ValueError`` if it is no comparison."""
    tree, values = _parsed(claim, data)
    if not isinstance(tree, ast.Compare):
        raise ValueError(f"{claim!r} compares nothing")
    return bool(_evaluate(tree, values))


def value_of(expression: str, data: Any) -> Any:
    """What one side of a claim is: a number, or the name that ``argmin`` or ``argmax`` gives."""
    return _evaluate(*_parsed(expression, data))


def _parsed(expression: str, data: Any) -> tuple[ast.expr, list[Any]]:
    """An expression with ``_0``, ``_1``, ... for its keys, and what those lead to."""
    values: list[Any] = []

    def name(found: re.Match[str]) -> str:
        if found[0].startswith('"'):
            return found[0]
        values.append(look_up(data, found[0]))
        return f"_{len(values) - 1}"

    return ast.parse(KEY.sub(name, expression), mode="eval").body, values


def look_up(data: Any, key: str) -> Any:
    """What a dotted key leads to: names in mappings, indices in lists; ``*`` gives several."""
    value, rest = data, key
    while rest:
        if isinstance(value, dict) and rest in value:  # a name with dots in it
            part, rest = rest, ""
        else:
            part, _, rest = rest.partition(".")
        if "*" in part and isinstance(value, dict):
            names = fnmatch.filter(value, part)
            return {name: look_up(value[name], rest) for name in names}
        try:
            value = value[int(part) if isinstance(value, list) else part]
        except (LookupError, TypeError, ValueError):
            raise LookupError(f"there is no {key!r}, it ends at {part!r}") from None
    return value


def _evaluate(node: ast.AST, values: list[Any]) -> Any:
    match node:
        case ast.Constant(value=int() | float() | str() as constant):
            return constant
        case ast.Name(id=name) if re.fullmatch(r"_\d+", name):
            return values[int(name[1:])]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand, values)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_evaluate(left, values), _evaluate(right, values))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](*(_evaluate(argument, values) for argument in args))
        case ast.Compare(left=left, ops=ops, comparators=rest) if _known(ops):
            sides = [_evaluate(side, values) for side in (left, *rest)]
            pairs = zip(ops, sides, sides[1:], strict=False)
            return all(OPERATORS[type(op)](a, b) for op, a, b in pairs)
    raise ValueError(f"{ast.unparse(node)!r} is not understood")


def _known(ops: list[ast.cmpop]) -> bool:
    return all(type(op) in OPERATORS for op in ops)


def _numbers(*of: Any) -> Any:
    """Several numbers, or those of one ``*``."""
    return of[0].values() if isinstance(of[0], dict) else of
