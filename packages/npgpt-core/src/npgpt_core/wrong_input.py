"""What a layer says of a wrong input: its name, what came and what was expected.

No layer checks what NumPy refuses anyway. Only when it has refused is it found out what was wrong,
by the shapes in the docstring of the layer's class, ``(..., I) -> (..., O)``, and by its sizes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from inspect import getdoc, signature
from typing import TYPE_CHECKING, Any

import numpy as np

from npgpt_core.errors import IdError, LayerError, NpgptError, short_repr
from npgpt_core.numbers import is_finite, is_real
from npgpt_core.types import Array, Ids

if TYPE_CHECKING:
    from npgpt_core.module import Module

_INPUT = re.compile(r"\((\.\.\.(?:, [A-Z])*|[A-Z](?:, [A-Z])+)\) -> ")
_IDS = ("ids", "targets")


INPUT_ERRORS = (ValueError, IndexError, TypeError, AttributeError)
"""What NumPy and Python raise at an input that does not fit."""


def input_error(
    error: Exception, module: Module, inputs: Sequence[Any], options: Mapping[str, Any]
) -> LayerError | None:
    """What to raise in place of an error of a forward pass; None if its input is not the cause.

    A ``LayerError`` from within gets the place of its layer in the module.
    """
    _, *names = signature(type(module).forward).parameters  # not self
    given = {**dict(zip(names, inputs, strict=False)), **options}
    if problem := _problem(module, given, error):
        return LayerError(module, problem)
    _locate(error, module)
    return None


def checking_gradient(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Make a ``backward`` check that its gradient has the shape of what ``forward`` gave."""

    @functools.wraps(backward)
    def run(self: Module, *doutputs: Any, **options: Any) -> Any:
        expected = self._output_shape if doutputs and self._kept is not None else None
        if expected is not None and getattr(doutputs[0], "shape", None) != expected:
            name = list(signature(backward).parameters)[1]
            problem = f"{_received(name, doutputs[0])}, expected {expected}, as forward gave"
            raise LayerError(self, problem)
        try:
            return backward(self, *doutputs, **options)
        except LayerError as error:
            _locate(error, self)
            raise

    return run


def require_ids(module: Module, name: str, ids: Ids, size: int) -> None:
    """Raise a ``LayerError`` unless ``ids`` are whole numbers from 0 to ``size`` - 1."""
    if ids.dtype.kind not in "iu":
        raise LayerError(module, f"{_received(name, ids.dtype)}, expected whole numbers")
    if ids.size and not 0 <= int(ids.min()) <= int(ids.max()) < size:
        raise IdError(
            module, f"{name} are from {ids.min()} to {ids.max()}, expected 0 to {size - 1}"
        )


def require_width(module: Module, x: Array, width: int) -> int:
    """The size of the last axis, if it is ``width``: another one NumPy might stretch to it."""
    if x.shape[-1] != width:
        raise LayerError(module, f"{_received('x', x)}, expected (..., {width})")
    return width


def require_eps(module: Module, eps: Any) -> float:
    """``eps`` as a float, or a ``LayerError`` unless it is finite and at least 0."""
    if not (is_finite(eps) and eps >= 0):
        raise LayerError(
            module, f"eps is {short_repr(eps)}, expected a finite number of at least 0"
        )
    return float(eps)


def require_rng(module: Module, rng: Any) -> np.random.Generator:
    """``rng`` itself, or a ``LayerError`` if it is no generator but, say, a seed."""
    if not isinstance(rng, np.random.Generator):
        raise LayerError(
            module,
            f"rng is {short_repr(rng)}, expected a generator:"
            " one np.random.default_rng(seed) for all",
        )
    return rng


def require_model(caller: str, model: Any, *members: str) -> None:
    """Raise an ``NpgptError`` if what ``caller`` is given is no model but, say, its parameters."""
    has_all = all(hasattr(model, member.removesuffix("()")) for member in members)
    if isinstance(model, type) or not has_all:
        raise NpgptError(
            f"{caller}: {_received('model', model)}, expected the model itself, which has"
            f" {' and '.join(members)}"
        )


def _problem(module: Module, given: Mapping[str, Any], error: Exception) -> str | None:
    """What is wrong with the inputs, the first of all; None if they did not cause the error."""
    name, x = next(iter(given.items()), ("", None))
    symbols = _expected_symbols(module)
    expected = f"({', '.join(symbols)})" if symbols else ""
    if isinstance(x, np.ndarray):
        if not _fits(x.shape, symbols):
            return f"{_received(name, x)}, expected {expected}"
        if isinstance(error, TypeError) and x.dtype.kind != "f" and name not in _IDS:
            return f"{_received(name, x.dtype)}, expected floating-point numbers"
    elif name and (symbols or is_real(x) or _is_list_of_numbers(x)):
        return f"{_received(name, x)}, expected an array {expected}".rstrip()
    lists = (key for key, value in given.items() if _is_list_of_numbers(value))
    return next((f"{_received(key, given[key])}, expected an array" for key in lists), None)


def _is_list_of_numbers(value: Any) -> bool:
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
        if is_real(value):
            return True
    return False


def _received(name: str, value: Any) -> str:
    """``x is (4, 5)``, ``ids are a list``."""
    verb = "are" if name.endswith("s") else "is"
    if isinstance(value, np.ndarray):
        return f"{name} {verb} {value.shape}"
    if isinstance(value, np.dtype):
        return f"{name} {verb} {value}"
    if value is None or isinstance(value, type):
        return f"{name} {verb} {value and f'the class {value.__name__}'}"
    kind = type(value).__name__
    return f"{name} {verb} {'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _expected_symbols(module: Module) -> list[str]:
    """The shape of the input, sizes that are known as numbers; empty if no docstring says it."""
    shape = _INPUT.search(getdoc(type(module)) or "")
    symbols = shape[1].split(", ") if shape else []
    return [str(module._sizes.get(symbol, symbol)) for symbol in symbols]


def _fits(shape: tuple[int, ...], symbols: Sequence[str]) -> bool:
    """Whether a shape has the known sizes and the number of axes."""
    if symbols and symbols[0] == "...":
        symbols = symbols[1:]
        shape = shape[len(shape) - len(symbols) :] if len(shape) > len(symbols) else shape
    elif not symbols:
        return True
    return len(shape) == len(symbols) and all(
        not symbol.isdecimal() or n == int(symbol) for n, symbol in zip(shape, symbols, strict=True)
    )


def _locate(error: Exception, model: Module) -> None:
    """Say where in the model the layer is that the error is about."""
    if isinstance(error, LayerError):
        names = (name for name, module in model.named_modules() if module is error.module)
        error.name = next(names, "")
