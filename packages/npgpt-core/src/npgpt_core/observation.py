"""Watching a model at work: every module's forward and backward, as they happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from npgpt_core.module import Module

Observer: TypeAlias = Callable[[str, Module, tuple[Any, ...], Any], None]
"""Is called with the dotted name, the module, what went in (in order, also what was given by name)
and what came out."""


@contextmanager
def observing(
    model: Module, *, forward: Observer | None = None, backward: Observer | None = None
) -> Iterator[None]:
    """Call ``forward`` and ``backward`` after each such pass of each module, in a ``with`` block.

    A module comes after those that it is made of. The model itself has the name "", and a module
    that stands in several places that of the first.
    """
    watched: list[tuple[Module, str]] = []
    names: dict[Module, str] = {}
    for name, module in model.named_modules():
        names.setdefault(module, name)
    try:
        for module, name in names.items():
            for method, observer in (("forward", forward), ("backward", backward)):
                if observer is not None:
                    setattr(module, method, _telling(name, module, method, observer))
                    watched.append((module, method))
        yield
    finally:
        for module, method in watched:
            delattr(module, method)


def _telling(name: str, module: Module, method: str, observer: Observer) -> Callable[..., Any]:
    original = getattr(module, method)

    def told(*args: Any, **kwargs: Any) -> Any:
        output = original(*args, **kwargs)
        observer(name, module, (*args, *kwargs.values()), output)
        return output

    return told
