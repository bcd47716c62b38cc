"""Parameter-free mathematics that several layers share, each function beside its backward pass.

Shapes: (..., C) means any axes, then C channels; N counts the rows, all axes but the last as one.
``dy`` is the gradient of the loss with respect to ``y``. Functions return new arrays unless they
say otherwise.
"""

import numpy as np

from npgpt_core.types import Array


def rows(x: Array) -> Array:
    """All axes but the last as one: (..., C) -> (N, C), a view where memory allows."""
    return x.reshape(-1, x.shape[-1])


def row_sum(x: Array) -> Array:
    """Σ_c x_c over the last axis: (..., C) -> (..., 1)."""
    return np.einsum("...c->...", x)[..., None]


def row_dot(x: Array, y: Array) -> Array:
    """Σ_c x_c y_c over the last axis, without the product in memory: (..., C) -> (..., 1)."""
    return np.einsum("...c,...c->...", x, y)[..., None]


def softmax(x: Array, out: Array | None = None) -> Array:
    """y_i = exp(x_i) / Σ_j exp(x_j) over the last axis; ``out`` may be ``x`` itself."""
    y = np.subtract(x, x.max(axis=-1, keepdims=True), out=out)
    np.exp(y, out=y)
    y /= row_sum(y)
    return y


def softmax_backward(dy: Array, y: Array) -> Array:
    """dx = y · (dy - Σ_j dy_j y_j) over the last axis."""
    dx = dy - row_dot(dy, y)
    dx *= y
    return dx
