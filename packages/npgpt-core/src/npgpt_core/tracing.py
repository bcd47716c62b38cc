"""Tracing a model: what goes into and comes out of every module, forward and backward."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from npgpt_core.module import Module

Tracer: TypeAlias = Callable[[str, Module, tuple[Any, ...], Any], None]
"""Is called with the dotted name, the module, what went in (in order, also what was given by name)
and what came out."""


@contextmanager
def tracing(
    model: Module, *, forward: Tracer | None = None, backward: Tracer | None = None
) -> Iterator[None]:
    """Call ``forward`` and ``backward`` after each such pass of each module, in a ``with`` block.

    A module comes after those that it is made of. The model itself has the name "", and a module
    that stands in several places that of the first.
    """
    traced: list[tuple[Module, str]] = []
    names: dict[Module, str] = {}
    for name, module in model.named_modules():
        names.setdefault(module, name)
    try:
        for module, name in names.items():
            for method, tracer in (("forward", forward), ("backward", backward)):
                if tracer is not None:
                    setattr(module, method, _traced(name, module, method, tracer))
                    traced.append((module, method))
        yield
    finally:
        for module, method in traced:
            delattr(module, method)


def _traced(name: str, module: Module, method: str, tracer: Tracer) -> Callable[..., Any]:
    original = getattr(module, method)

    def run(*args: Any, **kwargs: Any) -> Any:
        output = original(*args, **kwargs)
        tracer(name, module, (*args, *kwargs.values()), output)
        return output

    return run
