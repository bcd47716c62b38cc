"""Parameter-free mathematics: each function beside its backward pass.

Shapes: B batch, T time, C channels, H heads, D head size, V vocabulary, N = B·T rows. ``dy`` is the
gradient of the loss with respect to ``y``. Functions return new arrays unless they say otherwise.
"""

import math

import numpy as np

from npgpt_core.types import Array, Ids

GELU_CUBIC = 0.044715
GELU_SCALE = math.sqrt(2 / math.pi)


def rows(x: Array) -> Array:
    """All axes but the last as one: (..., C) -> (N, C), a view where memory allows."""
    return x.reshape(-1, x.shape[-1])


def linear(x: Array, weight: Array, bias: Array) -> Array:
    """y = x W + b over the last axis: (..., I) -> (..., O), as one matrix product."""
    y = rows(x) @ weight
    y += bias
    return y.reshape(*x.shape[:-1], y.shape[-1])


def linear_backward(dy: Array, weight: Array) -> Array:
    """dx = dy Wᵀ: (..., O) -> (..., I), as one matrix product."""
    dx = rows(dy) @ weight.T
    return dx.reshape(*dy.shape[:-1], dx.shape[-1])


def add_rows(table: Array, ids: Ids, updates: Array) -> None:
    """table[ids[n]] += updates[n] for every n, in place and with repeated ids summed.

    ``table`` (V, C), ``ids`` (...), ``updates`` (..., C). Sorting brings equal ids together, so
    that each row of the table is written once; ``np.add.at`` is many times slower.
    """
    flat = ids.reshape(-1)
    order = np.argsort(flat, kind="stable")
    unique, starts = np.unique(flat[order], return_index=True)
    table[unique] += np.add.reduceat(rows(updates)[order], starts, axis=0)


def relu(x: Array) -> Array:
    """y = max(x, 0)."""
    return np.maximum(x, 0)


def relu_backward(dy: Array, y: Array) -> Array:
    """dx = dy where y > 0, else 0."""
    return dy * (y > 0)


def gelu(x: Array) -> tuple[Array, Array]:
    """y = x/2 · (1 + t), t = tanh(√(2/π)(x + 0.044715 x³)); returns y and t.

    Hendrycks & Gimpel 2016 (arXiv:1606.08415), the tanh form of GPT-2.
    """
    t = x * x
    t *= GELU_CUBIC
    t += 1
    t *= x
    t *= GELU_SCALE
    np.tanh(t, out=t)
    y = t + 1
    y *= x
    y *= 0.5
    return y, t


def gelu_backward(dy: Array, x: Array, t: Array) -> Array:
    """dx = dy · [(1 + t)/2 + x/2 · (1 - t²) · √(2/π)(1 + 3·0.044715 x²)]."""
    du = 1 + 3 * GELU_CUBIC * x * x
    du *= 0.5 * GELU_SCALE * x
    du *= 1 - t * t
    du += 0.5 * (1 + t)
    du *= dy
    return du


def softmax(x: Array, out: Array | None = None) -> Array:
    """y_i = exp(x_i) / Σ_j exp(x_j) over the last axis; ``out`` may be ``x`` itself."""
    y: Array = np.subtract(x, x.max(axis=-1, keepdims=True), out=out)
    np.exp(y, out=y)
    y /= y.sum(axis=-1, keepdims=True)
    return y


def softmax_backward(dy: Array, y: Array) -> Array:
    """dx = y · (dy - Σ_j dy_j y_j) over the last axis."""
    dx: Array = dy - np.einsum("...j,...j->...", dy, y)[..., None]
    dx *= y
    return dx


def causal_softmax(scores: Array) -> Array:
    """Softmax over the keys that a query may see, written into ``scores``: (..., T, S).

    The T queries are the last T of the S positions: query t sees the keys 0 .. S - T + t.
    """
    n_queries, n_keys = scores.shape[-2:]
    if n_queries > 1:
        future = np.triu(np.ones((n_queries, n_keys), dtype=bool), k=n_keys - n_queries + 1)
        np.copyto(scores, -np.inf, where=future)
    return softmax(scores, out=scores)


def split_heads(x: Array, n_head: int) -> Array:
    """(B, T, H·D) -> (B, H, T, D), a view."""
    return x.reshape(*x.shape[:-1], n_head, x.shape[-1] // n_head).swapaxes(-2, -3)


def merge_heads(x: Array) -> Array:
    """(B, H, T, D) -> (B, T, H·D)."""
    x = x.swapaxes(-2, -3)
    return x.reshape(*x.shape[:-2], x.shape[-2] * x.shape[-1])


def log_softmax(x: Array) -> Array:
    """log softmax(x) = x - max - log Σ_j exp(x_j - max) over the last axis."""
    y: Array = x - x.max(axis=-1, keepdims=True)
    y -= np.log(np.exp(y).sum(axis=-1, keepdims=True))
    return y
