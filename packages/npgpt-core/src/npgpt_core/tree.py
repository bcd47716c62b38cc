"""What ``repr`` of a module shows: the tree, and the parameters of each: number and shapes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from npgpt_core.module import Module


class _Row(NamedTuple):
    text: str
    number: str
    shapes: str


def tree(module: Module) -> str:
    """A line a module: name, class and sizes; how many numbers it holds; its own parameters.

    Neighbours in a list that are equal are shown once.
    """
    rows = list(_rows(module))
    width, digits = max(len(row.text) for row in rows), max(len(row.number) for row in rows)
    lines = (f"{row.text:{width}}  {row.number:>{digits}}  {row.shapes}" for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _rows(module: Module, depth: int = 0, name: str = "", times: int = 1) -> Iterator[_Row]:
    many = f"{times} x " if times > 1 else ""
    text = "  " * depth + (f"{name}: " if name else "") + many + module._title()
    number = module.num_parameters()
    shapes = ", ".join(f"{name} {array.shape}" for name, array in module.own_parameters().items())
    if not depth:
        shapes = f"parameters: {shapes}" if shapes else "parameters"
    yield _Row(text, f"{many}{number:,}" if number or not depth else "", shapes)
    for common, (child, *others) in _groups(module):
        yield from _rows(child, depth + 1, common, 1 + len(others))


def _groups(module: Module) -> Iterator[tuple[str, list[Module]]]:
    """The modules directly below by name: ``blocks``, or ``blocks.0`` and on if they differ."""
    for container, group in groupby(module.named_children(), lambda child: _container(child[0])):
        names, modules = zip(*group, strict=True)
        if len(modules) > 1 and len(set(map(tree, modules))) == 1:
            yield container, list(modules)
        else:
            yield from ((name, [child]) for name, child in zip(names, modules, strict=True))


def _container(name: str) -> str:
    """``blocks`` of ``blocks.0``; the name itself where it is of no list."""
    head, _, last = name.rpartition(".")
    return head if last.isdecimal() else name
