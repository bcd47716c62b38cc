"""Explicit gradients held against central differences, in float64."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.module import Module
from npgpt_core.types import Array

EPSILON = 1e-5
TOLERANCE = 1e-6


@dataclass(frozen=True)
class GradientCheck:
    """The error of one array's gradient: ‖numerical - explicit‖ / (‖numerical‖ + ‖explicit‖)."""

    name: str  # "x" for the input, else the parameter's dotted name
    error: float
    coordinates: int  # how many numbers of the array were compared


def numerical_gradient(f: Callable[[], float], x: Array, epsilon: float = EPSILON) -> Array:
    """Central differences of ``f()`` with respect to every number of ``x``, same shape as ``x``.

    ``x`` (float64) is changed in place while ``f`` is called, and restored.
    """
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        gradient[i] = (_shifted(f, x, i, epsilon) - _shifted(f, x, i, -epsilon)) / (2 * epsilon)
    return gradient


def check_gradients(
    module: Module, x: Array, *, seed: int = 0, tolerance: float = TOLERANCE, coordinates: int = 100
) -> list[GradientCheck]:
    """Hold ``module.backward`` against central differences: the input and every parameter.

    Args:
        module: in float64. Its parameters are set to unit scale for the check and restored.
        x: input, float64; integers (ids) have no gradient of their own.
        seed: of the parameters, the random output gradient and the choice of coordinates.
        tolerance: the largest error allowed.
        coordinates: how many numbers of each array are compared, drawn at random. One that sits on
            a kink (ReLU at 0) is drawn again.

    Returns:
        The error of every array, worst first.

    Raises:
        AssertionError: names the worst array and its error.
        NpgptError: the layer does not take ``x``, or something is not float64.
    """
    checks = gradient_errors(module, x, seed=seed, coordinates=coordinates)
    worst = checks[0]
    if not worst.error < tolerance:
        raise AssertionError(
            f"{type(module).__name__}: the gradient of {worst.name} is off by {worst.error:.1e},"
            f" allowed {tolerance:.0e} (numerical against explicit, {worst.coordinates} numbers)"
        )
    return checks


def gradient_errors(
    module: Module, x: Array, *, seed: int = 0, coordinates: int = 100
) -> list[GradientCheck]:
    """The errors that ``check_gradients`` judges, worst first (a NaN counts as worst)."""
    if not isinstance(x, np.ndarray):
        raise NpgptError(f"x is a {type(x).__name__}, expected an array of float64 or ids")
    if x.size == 0 or x.dtype not in (np.float64, np.int64, np.intp):
        raise NpgptError(f"x has shape {x.shape} and type {x.dtype}, expected some float64 or ids")
    rng = np.random.default_rng(seed)
    saved, saved_grads = module.state_dict(), {n: g.copy() for n, g in module.grads().items()}
    was_training = module.training
    module.train()
    try:
        for name, array in module.parameters().items():
            if array.dtype != np.float64:
                raise NpgptError(f"{name} is {array.dtype}, expected float64 to check gradients")
            fan_in = array.shape[0] if array.ndim > 1 else 1
            array[...] += rng.normal(0, 1 / np.sqrt(fan_in), array.shape)
        checks = _compare(module, x.copy(), rng, coordinates)
    finally:
        module.load_state_dict(saved)
        for name, grad in module.grads().items():
            grad[...] = saved_grads[name]
        module.train(was_training)
    return sorted(checks, key=lambda c: -np.inf if np.isnan(c.error) else -c.error)


def _compare(
    module: Module, x: Array, rng: np.random.Generator, coordinates: int
) -> list[GradientCheck]:
    noise = np.random.default_rng(int(rng.integers(2**32)))
    start = noise.bit_generator.state
    module.use_rng(noise)

    def forward() -> Array:
        noise.bit_generator.state = start  # the same dropout mask every time
        return np.asarray(module(x))

    dy = rng.normal(size=forward().shape)

    def loss() -> float:
        return float((forward() * dy).sum())

    before = {name: rng.normal(size=grad.shape) for name, grad in module.grads().items()}
    for name, grad in module.grads().items():
        grad[...] = before[name]  # a backward must add to what is there
    forward()
    dx = module.backward(dy)
    explicit = {name: grad - before[name] for name, grad in module.grads().items()}
    arrays = module.parameters()
    if x.dtype.kind == "f":
        explicit, arrays = {"x": np.array(dx), **explicit}, {"x": x, **arrays}
    return [
        _check_array(name, loss, array, np.asarray(explicit[name]), rng, coordinates)
        for name, array in arrays.items()
    ]


def _check_array(
    name: str,
    loss: Callable[[], float],
    array: Array,
    explicit: Array,
    rng: np.random.Generator,
    coordinates: int,
) -> GradientCheck:
    if explicit.shape != array.shape:
        raise AssertionError(
            f"the gradient of {name} has shape {explicit.shape}, not {array.shape}"
        )
    center = loss()
    compared: list[tuple[float, float]] = []
    kinks = 0
    for flat in rng.permutation(array.size):
        i = np.unravel_index(flat, array.shape)
        numerical, bend = _central_difference(loss, array, i, center)
        if bend > 1e-6 * (1 + abs(numerical)):
            kinks += 1
            continue
        compared.append((numerical, float(explicit[i])))
        if len(compared) == coordinates:
            break
    if kinks > len(compared):
        raise AssertionError(f"{name}: {kinks} numbers sit on a kink, only {len(compared)} do not")
    n, e = np.array(compared).T
    tiny = np.finfo(np.float64).tiny
    # a gradient that is zero by mathematics is noise numerically: the loss's rounding / epsilon
    floor = 1e-9 * (1 + abs(center)) * np.sqrt(len(n))
    norms = float(np.linalg.norm(n) + np.linalg.norm(e))
    error = float(np.linalg.norm(n - e)) / (norms + tiny)
    return GradientCheck(name, 0.0 if norms < floor else error, len(n))


def _central_difference(
    f: Callable[[], float], x: Array, i: tuple[np.intp, ...], center: float
) -> tuple[float, float]:
    """The derivative, and how far its two one-sided differences disagree beyond curvature.

    Where f is smooth the disagreement shrinks with the step; at a kink it does not. The derivative
    is extrapolated from two steps (Richardson), because in a long recurrence f bends too much for
    one.
    """
    up, down = _shifted(f, x, i, EPSILON), _shifted(f, x, i, -EPSILON)
    up_half, down_half = _shifted(f, x, i, EPSILON / 2), _shifted(f, x, i, -EPSILON / 2)
    disagreement = (up - 2 * center + down) / EPSILON
    disagreement_half = (up_half - 2 * center + down_half) / (EPSILON / 2)
    whole, half = (up - down) / (2 * EPSILON), (up_half - down_half) / EPSILON
    return (4 * half - whole) / 3, abs(disagreement - 2 * disagreement_half)


def _shifted(f: Callable[[], float], x: Array, i: tuple[int | np.intp, ...], by: float) -> float:
    value = x[i]
    x[i] = value + by
    try:
        return f()
    finally:
        x[i] = value
