"""What the learner starts from: the solution, with the lines that are the learner's left out.

In a solution a comment ``# Yours: NAMES ...`` stands above lines that the learner writes. They end
before the next such comment, an empty line, a ``return`` beside the comment, or where a block ends.
"""

import ast
import re
from collections.abc import Iterator

MARK = re.compile(r"(?P<indent> *)# Yours: (?P<names>\w+(?:, \w+)*)")


def skeleton_of(solution: str) -> str:
    """The solution with ``...`` under each mark, given to the names that the lines there define."""
    lines = iter([*solution.splitlines(), ""])
    written: list[str] = []
    for line in lines:
        while mark := MARK.match(line):
            written.append(line)
            theirs, line = _region(lines, mark["indent"])
            written += [mark["indent"] + text for text in _empty(mark, theirs)]
        written.append(line)
    return "\n".join(written)


def _region(lines: Iterator[str], indent: str) -> tuple[list[str], str]:
    """The learner's lines below a mark, and the line that ends them."""
    theirs: list[str] = []
    for line in lines:
        deeper = line.removeprefix(indent)
        ends = not line.startswith(indent) or not deeper or deeper.startswith("return")
        if ends or MARK.match(line):
            return theirs, line
        theirs.append(deeper)
    return theirs, ""


def _empty(mark: re.Match[str], theirs: list[str]) -> list[str]:
    """What stands in the place of a learner's lines."""
    names = mark["names"].split(", ")
    targets = {name for line in theirs for name in _targets(line)}
    return [f"{name} = ..." for name in names if name in targets] or ["..."]


def _targets(line: str) -> list[str]:
    """The names that a line such as ``dq, dk = ...`` defines."""
    left = re.match(r"(\w+(?:, \w+)*) = ", line)
    return left[1].split(", ") if left else []


def empty_lines(source: str) -> list[int]:
    """The numbers of the lines that are still ``...``."""
    return sorted(
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr | ast.Assign | ast.AugAssign)
        and isinstance(node.value, ast.Constant)
        and node.value.value is ...
    )


def without_docstring(source: str) -> str:
    """A module's source from the line after its docstring."""
    docstring = ast.parse(source).body[0]
    return "\n".join(source.splitlines()[docstring.end_lineno :]).lstrip("\n") + "\n"
