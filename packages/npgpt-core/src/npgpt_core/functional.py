"""Parameter-free mathematics: each function beside its backward pass.

Shapes: B batch, T time, C channels, H heads, D head size, V vocabulary, N = B·T rows. ``dy`` is the
gradient of the loss with respect to ``y``. Functions return new arrays unless they say otherwise.
"""

import math
from collections.abc import Iterator

import numpy as np

from npgpt_core.types import Array, Ids

BLOCK = 1 << 17  # numbers: half a megabyte in float32, what a core's cache holds with room
QUERY_BLOCK = 64
GELU_CUBIC = 0.044715
GELU_SCALE = math.sqrt(2 / math.pi)


def rows(x: Array) -> Array:
    """All axes but the last as one: (..., C) -> (N, C), a view where memory allows."""
    return x.reshape(-1, x.shape[-1])


def row_sum(x: Array) -> Array:
    """Σ_c x_c over the last axis: (..., C) -> (..., 1)."""
    return np.einsum("...c->...", x)[..., None]


def row_dot(x: Array, y: Array) -> Array:
    """Σ_c x_c y_c over the last axis, without the product in memory: (..., C) -> (..., 1)."""
    return np.einsum("...c,...c->...", x, y)[..., None]


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
    ordered = flat[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    table[ordered[starts]] += np.add.reduceat(rows(updates)[order], starts, axis=0)


def relu(x: Array) -> Array:
    """y = max(x, 0)."""
    return np.maximum(x, 0)


def relu_backward(dy: Array, y: Array) -> Array:
    """dx = dy where y > 0, else 0."""
    dx = (y > 0).astype(dy.dtype)  # one conversion of the whole is faster than one inside dy * mask
    dx *= dy
    return dx


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
    y = np.subtract(x, x.max(axis=-1, keepdims=True), out=out)
    np.exp(y, out=y)
    y /= row_sum(y)
    return y


def softmax_backward(dy: Array, y: Array) -> Array:
    """dx = y · (dy - Σ_j dy_j y_j) over the last axis."""
    dx = dy - row_dot(dy, y)
    dx *= y
    return dx


def causal_attention(q: Array, k: Array, v: Array) -> tuple[Array, list[Array]]:
    """y = softmax(q kᵀ) v, in which a query sees no later key; gives y and the softmax by blocks.

    q (B, H, T, D), k and v (B, H, S, D) -> y (B, H, T, D) in the memory order of (B, T, H, D). The
    queries are the last T of the S positions. They go through in blocks, because the first ones see
    few keys: what lies beyond the last key that a block sees is not computed at all.
    """
    b, h, n_queries, d = q.shape
    y = np.empty((b, n_queries, h, d), q.dtype).swapaxes(1, 2)
    blocks = []
    for t, s in query_blocks(n_queries, k.shape[2]):
        a = q[:, :, t] @ k[:, :, s].swapaxes(-1, -2)  # scores (B, H, t, s)
        if n_queries > 1:
            future = np.triu(np.ones(a.shape[-2:], dtype=bool), k=1 + s.stop - t.stop + t.start)
            np.copyto(a, -np.inf, where=future)
        softmax(a, out=a)
        np.matmul(a, v[:, :, s], out=y[:, :, t])
        blocks.append(a)
    return y, blocks


def causal_attention_backward(
    dy: Array, q: Array, k: Array, v: Array, blocks: list[Array], dq: Array, dk: Array, dv: Array
) -> None:
    """Write dq, dk and dv, all (B, H, T, D), from dy (B, H, T, D) and the softmax by blocks."""
    dk.fill(0)  # early keys are seen from several blocks
    dv.fill(0)
    for (t, s), a in zip(query_blocks(q.shape[2], k.shape[2]), blocks, strict=True):
        dv[:, :, s] += a.swapaxes(-1, -2) @ dy[:, :, t]  # dv = aᵀ dy
        da = dy[:, :, t] @ v[:, :, s].swapaxes(-1, -2)  # da = dy vᵀ
        ds = softmax_backward(da, a)
        np.matmul(ds, k[:, :, s], out=dq[:, :, t])  # dq = ds k
        dk[:, :, s] += ds.swapaxes(-1, -2) @ q[:, :, t]  # dk = dsᵀ q


def query_blocks(n_queries: int, n_keys: int) -> Iterator[tuple[slice, slice]]:
    """Blocks of queries, and the keys up to the last that each block sees."""
    for start in range(0, n_queries, QUERY_BLOCK):
        stop = min(start + QUERY_BLOCK, n_queries)
        yield slice(start, stop), slice(0, n_keys - n_queries + stop)


def split_heads(x: Array, parts: int, n_head: int) -> Array:
    """(B, T, parts·H·D) -> (parts, B, H, T, D), a view: write into it, and x is merged heads."""
    b, t, c = x.shape
    return x.reshape(b, t, parts, n_head, c // (parts * n_head)).transpose(2, 0, 3, 1, 4)


def merge_heads(x: Array) -> Array:
    """(B, H, T, D) -> (B, T, H·D), a view if memory is in the order of the result."""
    b, h, t, d = x.shape
    return x.swapaxes(1, 2).reshape(b, t, h * d)


def cross_entropy(logits: Array, targets: Ids) -> tuple[Array, Array, Array]:
    """-log softmax(logits)[target]: (N, V), (N,) -> (N,); with e = exp(logits - max) and Σ e.

    Softmax is e / Σ e, (N, V) / (N, 1). Rows go through in blocks that fit the cache.
    """
    n, v = logits.shape
    losses, sums = np.empty(n, logits.dtype), np.empty((n, 1), logits.dtype)
    e = np.empty(logits.shape, logits.dtype)
    for block in row_blocks(n, v):
        z, t, exp = logits[block], targets[block], e[block]
        np.subtract(z, z.max(axis=-1, keepdims=True), out=exp)
        z_target = exp[np.arange(len(t)), t]
        np.exp(exp, out=exp)
        sums[block] = row_sum(exp)
        losses[block] = np.log(sums[block, 0]) - z_target  # log Σ e - (z_target - max)
    return losses, e, sums


def cross_entropy_backward(dloss: float, targets: Ids, e: Array, sums: Array) -> Array:
    """dlogits = dloss · (softmax - onehot(target)), written into ``e``: (N, V)."""
    for block in row_blocks(*e.shape):
        dlogits, t = e[block], targets[block]
        dlogits *= dloss / sums[block]
        dlogits[np.arange(len(t)), t] -= dloss
    return e


def row_blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Slices of rows that hold about BLOCK numbers each."""
    size = max(1, BLOCK // n_columns)
    return (slice(start, start + size) for start in range(0, n_rows, size))
