"""Contract checks that several kinds share: of options, of a state that is loaded, of modules."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from npgpt_core.testing.checklist import CheckList, must_raise, require, require_options_are_data
from npgpt_core.types import Array

part_options = CheckList("part")
"""These take the kind of a part, and its class."""

loading = CheckList("state")
"""These take a model or optimizer, and a state of it."""

modules = CheckList("module")
"""These take a fresh layer or model in float64, and an input for it."""

STRANGER = {"stranger.weight": np.zeros(3, np.float32)}
NOT_TWICE = "self.take() in backward gives what self.keep(...) held, once"


@part_options
def options_are_data(kind: str, part: Any) -> None:
    """Options can be given by name; their defaults and ``presets`` can be written as JSON."""
    require_options_are_data(kind, part)


@loading
def load_refuses_missing(part: Any, state: dict[str, Any]) -> None:
    """Loading a state that lacks a name is an ``NpgptError`` that says which."""
    for name in state:
        less = {other: value for other, value in state.items() if other != name}
        with must_raise(f"a state without {name!r}", naming=name):
            part.load_state_dict(less)


@loading
def load_refuses_unexpected(part: Any, state: dict[str, Any]) -> None:
    """Loading a state with a name too many is an ``NpgptError`` that says which."""
    (name,) = STRANGER
    with must_raise("a state with an unknown name", naming=name):
        part.load_state_dict({**state, **STRANGER})


@loading
def load_refuses_misshapen(part: Any, state: dict[str, Any]) -> None:
    """Loading an array of another shape is an ``NpgptError`` that says which."""
    for name, array in state.items():
        if isinstance(array, np.ndarray) and array.ndim:
            for other in (array[..., None], np.concatenate([array, array])):
                with must_raise(f"{name!r} of shape {other.shape}, not {array.shape}", naming=name):
                    part.load_state_dict({**state, name: other})


@loading
def load_all_or_none(part: Any, state: dict[str, Any]) -> None:
    """A state that is refused changes nothing."""
    other = {name: value + 1 for name, value in state.items()}
    with must_raise("a state with an unknown name"):
        part.load_state_dict({**other, **STRANGER})
    now = part.state_dict()
    for name, value in state.items():
        require(
            np.array_equal(now[name], value),
            f"{name!r} changed though the state was refused: look at all names before you write",
        )


@modules
def gradients_beside_parameters(module: Any, x: Array) -> None:
    """Every parameter has a gradient of the same name, shape and type, at first zero."""
    parameters, grads = module.parameters(), module.grads()
    expected = {name: (array.shape, array.dtype) for name, array in parameters.items()}
    given = {name: (array.shape, array.dtype) for name, array in grads.items()}
    require(
        given == expected,
        f"grads() has {given}, expected as parameters(): {expected}; make both with"
        " self.parameter(name, value, dtype)",
    )
    require(not any(grad.any() for grad in grads.values()), "a gradient is not zero at first")
    forward_backward(module, x)
    module.zero_grad()
    for name, grad in module.grads().items():
        require(
            grad is grads[name] and not grad.any(),
            f"the gradient of {name!r} is not zero after zero_grad(), or another array: fill(0)",
        )


@modules
def gradients_accumulate(module: Any, x: Array) -> None:
    """A second backward adds to the gradients of the parameters; it does not replace them."""
    forward_backward(module, x)
    once = {name: grad.copy() for name, grad in module.grads().items()}
    forward_backward(module, x)
    for name, grad in module.grads().items():
        require(
            np.allclose(grad, 2 * once[name], rtol=1e-9, atol=1e-12),
            f"after two equal backward passes the gradient of {name!r} is not twice that of one:"
            f" write self.d{name.rpartition('.')[2]} += ...",
        )


@modules
def input_unchanged(module: Any, x: Array) -> None:
    """Neither forward nor backward writes into the input."""
    before = x.copy()
    forward_backward(module, x)
    require(
        np.array_equal(x, before),
        "x was written into, but it belongs to the caller: make a new array",
    )


@modules
def output_gradient_unchanged(module: Any, x: Array) -> None:
    """Backward writes neither into the output nor into the gradient of it that it is given."""
    y = module.forward(x)
    dy = gradient_of(y)
    before = np.array(y), dy.copy()
    module.backward(dy)
    for name, array, own in zip(("y", "dy"), before, (y, dy), strict=True):
        require(
            np.array_equal(array, own),
            f"{name} was written into, but it belongs to the caller: make a new array for dx",
        )


@modules
def backward_needs_forward(module: Any, x: Array) -> None:
    """Backward before any forward is a ``RuntimeError``."""
    dy = gradient_of(module.replica().forward(x))
    with must_raise(f"backward without forward ({NOT_TWICE})", RuntimeError):
        module.backward(dy)


@modules
def backward_once(module: Any, x: Array) -> None:
    """A second backward after one forward is a ``RuntimeError``."""
    dy = gradient_of(module.forward(x))
    module.backward(dy)
    with must_raise(f"backward twice after one forward ({NOT_TWICE})", RuntimeError):
        module.backward(dy)


@modules
def eval_keeps_nothing(module: Any, x: Array) -> None:
    """After ``eval()`` nothing is kept, nor is what was kept before: backward is an error."""
    dy = gradient_of(module.forward(x))
    module.eval()
    with must_raise("backward in evaluation mode, after a forward in training mode", RuntimeError):
        module.backward(dy)
    module.forward(x)
    with must_raise("backward after a forward in evaluation mode", RuntimeError):
        module.backward(dy)


def require_float32(module: Any, x: Array) -> None:
    """In both passes of a module in float32, no array is float64: none given, made or kept."""
    y = module.forward(x)
    arrays = {"input": x, "output": y}
    for path, below in module.named_modules():
        for i, value in enumerate(_flat(below._kept)):
            arrays[f"value {i} that {path or type(module).__name__} keeps"] = value
    arrays["input's gradient"] = module.backward(gradient_of(y))
    arrays |= {f"parameter {name!r}": array for name, array in module.parameters().items()}
    arrays |= {f"gradient of {name!r}": grad for name, grad in module.grads().items()}
    for what, array in arrays.items():
        require(
            not isinstance(array, np.ndarray) or array.dtype != np.float64,
            f"the {what} is float64 where all is float32, twice the time and memory: look for"
            " np.zeros, rng.normal and NumPy scalars without a dtype",
        )


def _flat(kept: Any) -> Iterator[Any]:
    """The values that a module keeps, whatever lists they are in."""
    if isinstance(kept, list | tuple):
        for value in kept:
            yield from _flat(value)
    else:
        yield kept


def gradient_of(y: Any) -> Array:
    """A random gradient for an output, of its type."""
    y = np.asarray(y)
    return np.asarray(np.random.default_rng(1).normal(size=y.shape)).astype(y.dtype)


def forward_backward(module: Any, x: Array) -> None:
    """Both passes, with the same noise every time."""
    module.use_rng(np.random.default_rng(2))
    module.backward(gradient_of(module.forward(x)))
