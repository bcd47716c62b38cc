"""The contract checks of layers: gradients, what is kept and for how long, whose arrays are whose.

A factory takes (rng, dtype) and gives a module and an input for it; a module without parameters or
randomness uses neither but for its input.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from npgpt_core.testing.checklist import Check, CheckList, refusal, require
from npgpt_core.testing.gradients import check_gradients
from npgpt_core.testing.precision import (
    kept_values,
    parameters_and_gradients,
    require_no_float64,
)
from npgpt_core.types import Array

layers = CheckList("layer")

NOT_TWICE = "self.take() in backward gives what self.keep(...) held, once"


def layer_checks() -> Iterator[tuple[str, Check]]:
    """Id and function of every layer check; a function takes (rng, dtype) -> (module, x)."""
    return iter(layers)


@layers
def gradients(factory: Any) -> None:
    """In float64, the gradients of input and parameters equal central differences within 1e-6."""
    module, x = _make(factory)
    if x.dtype.kind == "f" or module.parameters():
        check_gradients(module, x)


@layers
def gradients_beside_parameters(factory: Any) -> None:
    """Every parameter has a gradient of the same name, shape and type."""
    module, _ = _make(factory)
    parameters, grads = module.parameters(), module.grads()
    expected = {name: (array.shape, array.dtype) for name, array in parameters.items()}
    given = {name: (array.shape, array.dtype) for name, array in grads.items()}
    require(
        given == expected,
        f"grads() has {given}, expected as parameters(): {expected}; make both with"
        " self.parameter(name, value, dtype)",
    )


@layers
def gradients_accumulate(factory: Any) -> None:
    """A second backward adds to the gradients of the parameters; it does not replace them."""
    module, x = _make(factory)
    _forward_backward(module, x)
    once = {name: grad.copy() for name, grad in module.grads().items()}
    _forward_backward(module, x)
    for name, grad in module.grads().items():
        require(
            np.allclose(grad, 2 * once[name], rtol=1e-9, atol=1e-12),
            f"after two equal backward passes the gradient of {name!r} is not twice that of one:"
            f" write self.d{name.rpartition('.')[2]} += ...",
        )


@layers
def input_unchanged(factory: Any) -> None:
    """Neither forward nor backward writes into the input."""
    module, x = _make(factory)
    before = x.copy()
    _forward_backward(module, x)
    require(
        np.array_equal(x, before),
        "x was written into, but it belongs to the caller: make a new array",
    )


@layers
def output_gradient_unchanged(factory: Any) -> None:
    """Backward writes neither into the output nor into the gradient of it that it is given."""
    module, x = _make(factory)
    y = module.forward(x)
    dy = _gradient_of(y)
    before = np.array(y), dy.copy()
    module.backward(dy)
    for name, array, own in zip(("y", "dy"), before, (y, dy), strict=True):
        require(
            np.array_equal(array, own),
            f"{name} was written into, but it belongs to the caller: make a new array for dx",
        )


@layers
def backward_needs_forward(factory: Any) -> None:
    """Backward before any forward is a ``RuntimeError``."""
    module, x = _make(factory)
    dy = _gradient_of(_make(factory)[0].forward(x))
    with refusal(f"backward without forward ({NOT_TWICE})", RuntimeError):
        module.backward(dy)


@layers
def backward_once(factory: Any) -> None:
    """A second backward after one forward is a ``RuntimeError``."""
    module, x = _make(factory)
    dy = _gradient_of(module.forward(x))
    module.backward(dy)
    with refusal(f"backward twice after one forward ({NOT_TWICE})", RuntimeError):
        module.backward(dy)


@layers
def eval_keeps_nothing(factory: Any) -> None:
    """After ``eval()`` forward keeps nothing: backward is a ``RuntimeError``."""
    module, x = _make(factory)
    module.eval()
    dy = _gradient_of(module.forward(x))
    with refusal("backward after a forward in evaluation mode", RuntimeError):
        module.backward(dy)


@layers
def deterministic(factory: Any) -> None:
    """The same generator gives the same parameters and outputs; in ``eval()`` none is drawn."""
    (one, x), (other, same_x) = _make(factory), _make(factory)
    require(
        np.array_equal(x, same_x) and np.array_equal(one.forward(x), other.forward(x)),
        "two modules made with equal generators gave different outputs: draw from the rng that is"
        " given, and from no other",
    )
    one.eval()
    require(
        np.array_equal(one.forward(x), one.forward(x)),
        "two forward passes in evaluation mode differ: draw nothing unless self.training",
    )


@layers
def float32_stays_float32(factory: Any) -> None:
    """In float32 the output, the gradients and what is kept are float32."""
    module, x = _make(factory, np.float32)
    y = module.forward(x)
    kept = kept_values(module)
    dx = module.backward(_gradient_of(y))
    results = {"input": x, "output": y, "input's gradient": dx}
    require_no_float64({**parameters_and_gradients(module), **results, **kept})


def _make(factory: Any, dtype: type = np.float64) -> tuple[Any, Array]:
    module, x = factory(np.random.default_rng(0), dtype)
    return module, x


def _gradient_of(y: Any) -> Array:
    """A random gradient for an output, of its type."""
    y = np.asarray(y)
    return np.asarray(np.random.default_rng(1).normal(size=y.shape)).astype(y.dtype)


def _forward_backward(module: Any, x: Array) -> None:
    module.use_rng(np.random.default_rng(2))  # the same dropout mask every time
    module.backward(_gradient_of(module.forward(x)))
