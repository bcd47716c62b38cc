"""Causal multi-head self-attention: the only place where positions see each other."""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from npgpt_core.errors import LayerError
from npgpt_core.functional import softmax, softmax_backward
from npgpt_core.layers.linear import Linear
from npgpt_core.module import Module
from npgpt_core.types import Array

QUERY_BLOCK = 64


class KeyValueCache:
    """Keys and values of the positions seen so far, each (B, H, S, D), for generation.

    Room for more is made when they come, twice as much as there was, up to ``block_size``.
    """

    def __init__(
        self, batch: int, n_head: int, block_size: int, head_size: int, dtype: npt.DTypeLike
    ) -> None:
        self.k = np.empty((batch, n_head, 0, head_size), dtype)
        self.v = np.empty((batch, n_head, 0, head_size), dtype)
        self.block_size = block_size
        self.length = 0

    def append(self, k: Array, v: Array) -> tuple[Array, Array]:
        """Add (B, H, T, D) keys and values; give all so far, (B, H, S, D)."""
        end = self.length + k.shape[2]
        if end > self.k.shape[2]:
            room = max(end, min(2 * self.k.shape[2], self.block_size))
            self.k, self.v = self._moved(self.k, room), self._moved(self.v, room)
        self.k[:, :, self.length : end] = k
        self.v[:, :, self.length : end] = v
        self.length = end
        return self.k[:, :, :end], self.v[:, :, :end]

    def _moved(self, old: Array, room: int) -> Array:
        """What was appended, in an array with room for so many positions."""
        b, h, _, d = old.shape
        new = np.empty((b, h, room, d), old.dtype)
        new[:, :, : self.length] = old[:, :, : self.length]
        return new


class MultiHeadAttention(Module):
    """y = concat_h(softmax(q kᵀ / √D + M) v) Wₒ + bₒ, M = -∞ where s > t: (B, T, C) -> (B, T, C).

    M is the causal mask, 0 elsewhere: no query t sees a later key s. C = H · D; q, k and v come
    from one fused product. Vaswani et al. 2017 (arXiv:1706.03762), section 3.2.

    Args:
        n_embd: C.
        n_head: H, a divisor of C.
        rng: draws the weights.
        proj_std: spread of the initial Wₒ.
        dtype: of the parameters.
    """

    def __init__(
        self,
        n_embd: int,
        n_head: int,
        *,
        rng: np.random.Generator,
        proj_std: float = 0.02,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        self.sizes(C=n_embd, H=n_head)
        if n_embd % n_head:
            raise LayerError(self, f"n_embd is {n_embd}, expected a multiple of n_head = {n_head}")
        self.n_head = n_head
        self.scale = 1 / math.sqrt(n_embd // n_head)
        self.qkv = Linear(n_embd, 3 * n_embd, rng=rng, dtype=dtype)
        self.proj = Linear(n_embd, n_embd, rng=rng, std=proj_std, dtype=dtype)

    def _heads(self, x: Array) -> tuple[Array, Array, Array]:
        """q / √D, k and v of every head, (B, H, T, D) each."""
        q, k, v = split_heads(self.qkv(x), 3, self.n_head)
        q *= self.scale  # q kᵀ / √D, at the price of T · D instead of T · T
        return q, k, v

    def forward(self, x: Array, cache: KeyValueCache | None = None) -> Array:
        """With a ``cache`` the T positions of x come after those already in it."""
        q, k, v = self._heads(x)
        if cache is not None:
            k, v = cache.append(k, v)
        y, a = causal_attention(q, k, v, keep=self.training)
        self.keep(q, k, v, a)
        return self.proj(merge_heads(y))

    def backward(self, dy: Array) -> Array:
        """dv = aᵀ dy, da = dy vᵀ, ds = a · (da - Σ da a), dq = ds k / √D, dk = dsᵀ q / √D.

        Upside down: through Wₒ, the attention itself, √D, the qkv product. a is the softmax.
        """
        q, k, v, a = self.take()
        dqkv = np.empty((*dy.shape[:-1], 3 * dy.shape[-1]), dy.dtype)  # (B, T, 3C)
        dq, dk, dv = split_heads(dqkv, 3, self.n_head)
        (dy,) = split_heads(self.proj.backward(dy), 1, self.n_head)
        causal_attention_backward(dy, q, k, v, a, dq, dk, dv)
        dq *= self.scale
        return self.qkv.backward(dqkv)

    def attention_weights(self, x: Array) -> Array:
        """softmax(q kᵀ / √D + M) of the forward pass in evaluation mode, (B, H, T, T)."""
        return causal_weights(*self._heads(x))


def causal_attention(
    q: Array, k: Array, v: Array, group: int = 1, *, keep: bool = True
) -> tuple[Array, list[Array]]:
    """y = softmax(q kᵀ) v, in which a query sees no later key; gives y and the softmax by blocks.

    q (B, K, T·G, D), k and v (B, K, S, D) -> y (B, K, T·G, D) in the memory order of
    (B, T·G, K, D). The G = ``group`` rows of a position follow each other and share the keys and
    values of head K. The queries are those of the last T of the S positions. They go through in
    blocks, because the first ones see few keys: what lies beyond the last key that a block sees is
    not computed at all. Without ``keep`` the list of softmax blocks is empty, and the memory of a
    block serves the later ones.
    """
    b, n_head, n_rows, d = q.shape
    y = np.empty((b, n_rows, n_head, d), q.dtype).swapaxes(1, 2)
    blocks = []
    for t, s in query_blocks(n_rows, k.shape[2], group):
        n = (t.stop - t.start) // group  # positions, whose keys are the last n
        if n > 1:
            a = q[:, :, t] @ k[:, :, s].swapaxes(-1, -2)  # scores (B, K, t·G, s)
            future = ~np.tri(n, dtype=bool).repeat(group, axis=0)  # (t·G, n)
            np.copyto(a[..., -n:], -np.inf, where=future)
        else:  # row by row: BLAS is slow at products of few rows
            a = (k[:, :, None, s] @ q[:, :, t, :, None])[..., 0]
        softmax(a, out=a)
        np.matmul(a, v[:, :, s], out=y[:, :, t])
        if keep:
            blocks.append(a)
    return y, blocks


def causal_attention_backward(
    dy: Array,
    q: Array,
    k: Array,
    v: Array,
    blocks: list[Array],
    dq: Array,
    dk: Array,
    dv: Array,
    group: int = 1,
) -> None:
    """Write dq, dk and dv, shaped as q, k and v, from dy, shaped as q, and the softmax by blocks.

    Over the rows of a group dk and dv add up by themselves, inside the matrix product.
    """
    dk.fill(0)  # early keys are seen from several blocks
    dv.fill(0)
    for (t, s), a in zip(query_blocks(q.shape[2], k.shape[2], group), blocks, strict=True):
        dv[:, :, s] += a.swapaxes(-1, -2) @ dy[:, :, t]  # dv = aᵀ dy
        da = dy[:, :, t] @ v[:, :, s].swapaxes(-1, -2)  # da = dy vᵀ
        ds = softmax_backward(da, a)
        np.matmul(ds, k[:, :, s], out=dq[:, :, t])  # dq = ds k
        dk[:, :, s] += ds.swapaxes(-1, -2) @ q[:, :, t]  # dk = dsᵀ q


def causal_weights(q: Array, k: Array, v: Array, group: int = 1) -> Array:
    """The softmax of ``causal_attention`` as one array, (B, K, T·G, S)."""
    weights = np.zeros((*q.shape[:3], k.shape[2]), q.dtype)
    blocks = query_blocks(q.shape[2], k.shape[2], group)
    for (t, s), a in zip(blocks, causal_attention(q, k, v, group)[1], strict=True):
        weights[:, :, t, s] = a
    return weights


def query_blocks(n_rows: int, n_keys: int, group: int = 1) -> Iterator[tuple[slice, slice]]:
    """Blocks of queries, ``group`` rows a position, and the keys up to the last that each sees."""
    n_queries = n_rows // group
    for start in range(0, n_queries, QUERY_BLOCK):
        stop = min(start + QUERY_BLOCK, n_queries)
        yield slice(start * group, stop * group), slice(0, n_keys - n_queries + stop)


def split_heads(x: Array, parts: int, n_head: int) -> Array:
    """(B, T, parts·H·D) -> (parts, B, H, T, D), a view: write into it, and x is merged heads."""
    b, t, c = x.shape
    return x.reshape(b, t, parts, n_head, c // (parts * n_head)).transpose(2, 0, 3, 1, 4)


def merge_heads(x: Array) -> Array:
    """(B, H, T, D) -> (B, T, H·D), a view if memory is in the order of the result."""
    b, h, t, d = x.shape
    return x.swapaxes(1, 2).reshape(b, t, h * d)
