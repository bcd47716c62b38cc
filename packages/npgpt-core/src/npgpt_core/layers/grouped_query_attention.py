"""Causal self-attention in which several heads of queries share the keys and values of one."""

import copy
import math

import numpy as np
import numpy.typing as npt

from npgpt_core.errors import LayerError, short_repr
from npgpt_core.layers.attention import (
    KeyValueCache,
    causal_attention,
    causal_attention_backward,
    causal_weights,
    merge_heads,
    split_heads,
)
from npgpt_core.layers.linear import Linear
from npgpt_core.layers.rmsnorm import RMSNorm
from npgpt_core.layers.rotary import Rotary
from npgpt_core.module import Module
from npgpt_core.types import Array


class GroupedQueryAttention(Module):
    """y = concat_h(softmax(q_h kᵀ / √D + M) v) Wₒ, k and v of head ⌊h/G⌋: (B, T, C) -> (B, T, C).

    M is the causal mask: -∞ where s > t, else 0. The H heads of queries stand in K groups of
    G = H / K, and each group has one head of keys and values: a cache is G times smaller than with
    ``MultiHeadAttention``. Ainslie et al. 2023 (arXiv:2305.13245). The columns of the fused product
    are those of H heads of q, then K of k, then K of v.

    Args:
        n_embd: C.
        n_head: H.
        n_kv_head: K, a divisor of H.
        head_size: D, C / H unless given.
        rotary: turns q and k by their positions; None leaves them without.
        bias: whether q, k and v have a bias.
        qk_norm_eps: ε of an ``RMSNorm`` of each head's q and k before they are turned, as in Qwen3
            (Dehghani et al. 2023, arXiv:2302.05442); None leaves it out.
        rng: draws the weights.
        proj_std: spread of the initial Wₒ.
        dtype: of the parameters.
    """

    def __init__(
        self,
        n_embd: int,
        n_head: int,
        n_kv_head: int,
        *,
        head_size: int | None = None,
        rotary: Rotary | None = None,
        bias: bool = False,
        qk_norm_eps: float | None = None,
        rng: np.random.Generator,
        proj_std: float = 0.02,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        self.sizes(C=n_embd, H=n_head, K=n_kv_head)
        if n_head % n_kv_head:
            raise LayerError(
                self, f"n_head is {n_head}, expected a multiple of n_kv_head = {n_kv_head}"
            )
        if head_size is None and n_embd % n_head:
            raise LayerError(
                self,
                f"n_embd is {n_embd}, expected a multiple of n_head = {n_head}, or a head_size",
            )
        d = n_embd // n_head if head_size is None else head_size
        self.sizes(C=n_embd, H=n_head, K=n_kv_head, D=d)
        self.n_head, self.n_kv_head, self.group = n_head, n_kv_head, n_head // n_kv_head
        self.scale = 1 / math.sqrt(d)
        columns = (n_head + 2 * n_kv_head) * d
        self.qkv = Linear(n_embd, columns, rng=rng, bias=bias, dtype=dtype)
        self.q_norm = self.k_norm = None
        if qk_norm_eps is not None:
            self.q_norm = RMSNorm(d, eps=qk_norm_eps, dtype=dtype)
            self.k_norm = RMSNorm(d, eps=qk_norm_eps, dtype=dtype)
        if not (rotary is None or isinstance(rotary, Rotary)):
            raise LayerError(self, f"rotary is {short_repr(rotary)}, expected a Rotary or None")
        if rotary is not None and rotary.head_size != d:
            raise LayerError(self, f"rotary turns heads of {rotary.head_size}, expected {d}")
        self.rotary = copy.copy(rotary)  # the same angles; what it keeps is its own
        self.proj = Linear(n_head * d, n_embd, rng=rng, std=proj_std, bias=False, dtype=dtype)

    def _split(self, qkv: Array) -> tuple[Array, Array]:
        """(B, T, (H + 2K)·D) -> q and k (B, H + K, T, D), v (B, K, T, D), both views."""
        (heads,) = split_heads(qkv, 1, self.n_head + 2 * self.n_kv_head)
        return heads[:, : -self.n_kv_head], heads[:, -self.n_kv_head :]

    def _grouped(self, x: Array) -> Array:
        """(B, H, T, D) -> (B, K, T, G, D), a view."""
        b, _, t, d = x.shape
        return x.reshape(b, self.n_kv_head, self.group, t, d).swapaxes(2, 3)

    def _heads(self, x: Array, start: int = 0) -> tuple[Array, Array, Array]:
        """q / √D (B, K, T·G, D), the rows of a position together, and k and v (B, K, T, D)."""
        h = self.n_head
        qk, v = self._split(self.qkv(x))
        if self.q_norm is not None and self.k_norm is not None:
            qk = np.concatenate([self.q_norm(qk[:, :h]), self.k_norm(qk[:, h:])], axis=1)
        if self.rotary is not None:
            qk = self.rotary(qk, start)
        q, k = self._grouped(qk[:, :h]), qk[:, h:]
        q = np.multiply(q, self.scale, order="C")
        b, _, t, d = k.shape
        return q.reshape(b, self.n_kv_head, t * self.group, d), k, v

    def forward(self, x: Array, cache: KeyValueCache | None = None) -> Array:
        """With a ``cache`` the T positions of x come after those already in it."""
        q, k, v = self._heads(x, 0 if cache is None else cache.length)
        if cache is not None:
            k, v = cache.append(k, v)
        y, a = causal_attention(q, k, v, self.group, keep=self.training)
        self.keep(q, k, v, a)
        b, t, _ = x.shape
        y = y.reshape(b, self.n_kv_head, t, self.group * k.shape[-1])
        return self.proj(merge_heads(y))  # (B, T, H·D)

    def backward(self, dy: Array) -> Array:
        """dv = Σ_g aᵀ dy, ds = a · (da - Σ da a), da = dy vᵀ, dq = ds k / √D, dk = Σ_g dsᵀ q / √D.

        Upside down: through Wₒ, the attention itself, √D, rotation, norm, the qkv product. a is the
        softmax. A head of keys and values is used by the G heads of its group: a fork, so a sum.
        """
        q, k, v, a = self.take()
        dqkv = np.empty((*dy.shape[:-1], self.qkv.weight.shape[1]), dy.dtype)
        dqk, dv = self._split(dqkv)
        dq, dk = dqk[:, : self.n_head], dqk[:, self.n_head :]
        (dy,) = split_heads(self.proj.backward(dy), 1, self.n_head)
        dy = self._grouped(dy)
        dq_rows = np.empty_like(q)
        causal_attention_backward(dy.reshape(q.shape), q, k, v, a, dq_rows, dk, dv, self.group)
        np.multiply(dq_rows.reshape(dy.shape), self.scale, out=self._grouped(dq))
        if self.rotary is not None:
            dqk[...] = self.rotary.backward(dqk)
        if self.q_norm is not None and self.k_norm is not None:
            dq[...], dk[...] = self.q_norm.backward(dq), self.k_norm.backward(dk)
        return self.qkv.backward(dqkv)

    def attention_weights(self, x: Array) -> Array:
        """softmax(q kᵀ / √D + M) of the forward pass in evaluation mode, (B, H, T, T)."""
        b, t, _ = x.shape
        weights = causal_weights(*self._heads(x), self.group)  # (B, K, T·G, T)
        weights = weights.reshape(b, self.n_kv_head, t, self.group, t).swapaxes(2, 3)
        return weights.reshape(b, self.n_head, t, t)
