"""A Llama-like model as a stranger writes it: one file, of what every plugin may import."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from npgpt_core import Embedding, Module, NpgptError
from npgpt_core.functional import rows, softmax, softmax_backward
from npgpt_core.numbers import whole_number


@dataclass(frozen=True)
class AlpacaConfig:
    """The numbers that shape an AlpacaModel.

    Args:
        vocab_size: V, number of token ids.
        block_size: T, the longest context in tokens.
        n_layer: number of blocks.
        n_head: H, heads of queries.
        n_kv_head: K, heads of keys and values, a divisor of n_head.
        width: C, channels, an even number for each head.
        hidden: F, channels inside the feed-forward network.
        tied: whether the head reads with the table of the embedding.
    """

    vocab_size: int
    block_size: int = 128
    n_layer: int = 2
    n_head: int = 6
    n_kv_head: int = 3
    width: int = 24
    hidden: int = 32
    tied: bool = True

    def __post_init__(self) -> None:
        for name in (
            "vocab_size",
            "block_size",
            "n_layer",
            "n_head",
            "n_kv_head",
            "width",
            "hidden",
        ):
            whole_number(name, getattr(self, name))
        if self.n_head % self.n_kv_head:
            raise NpgptError(f"n_head is {self.n_head}, no multiple of n_kv_head {self.n_kv_head}")
        if self.width % (2 * self.n_head):
            raise NpgptError(f"width is {self.width}, no multiple of twice n_head {self.n_head}")


class Projection(Module):
    """y = x W: (..., I) -> (..., O)."""

    def __init__(self, n_in, n_out, *, rng, dtype, std=0.02):
        super().__init__()
        self.sizes(I=n_in, O=n_out)
        self.parameter("weight", rng.normal(0, std, (n_in, n_out)), dtype)

    def forward(self, x):
        self.keep(x)
        return x @ self.weight

    def backward(self, dy):
        """dx = dy Wᵀ; dW = xᵀ dy."""
        self.dweight += rows(self.take()).T @ rows(dy)
        return dy @ self.weight.T


class TiedHead(Module):
    """y = x Eᵀ, where E is the table of the embedding: (..., C) -> (..., V)."""

    def __init__(self, embedding):
        super().__init__()
        self.share("table", embedding.weight, embedding.dweight)

    def forward(self, x):
        self.keep(x)
        return x @ self.table.T

    def backward(self, dy):
        """dx = dy E; dE = dyᵀ x."""
        self.dtable += rows(dy).T @ rows(self.take())
        return dy @ self.table


class RMSNorm(Module):
    """y = γ x̂, x̂ = x / √(mean(x²) + ε): (..., C) -> (..., C)."""

    def __init__(self, width, *, dtype, eps=1e-5):
        super().__init__()
        self.sizes(C=width)
        self.eps = eps
        self.parameter("gamma", np.ones(width), dtype)

    def forward(self, x):
        scale = 1 / np.sqrt((x * x).mean(axis=-1, keepdims=True) + self.eps)
        self.keep(x * scale, scale)
        return x * scale * self.gamma

    def backward(self, dy):
        """dx = (dx̂ - x̂ mean(dx̂ x̂)) / √(mean(x²) + ε), where dx̂ = γ dy; dγ = Σ dy x̂."""
        x_hat, scale = self.take()
        self.dgamma += rows(dy * x_hat).sum(axis=0)
        dx_hat = dy * self.gamma
        return scale * (dx_hat - x_hat * (dx_hat * x_hat).mean(axis=-1, keepdims=True))


def rotated(x, turn=1):
    """Rotary positions: (x₁, x₂) turned by t θᵢ, or back by ``turn=-1``, which is the gradient.

    x is (..., T, D), and θᵢ = 10,000^(-2i/D). Su et al. 2021 (arXiv:2104.09864).
    """
    t, d = x.shape[-2:]
    angles = np.arange(t)[:, None] * 10_000.0 ** (-np.arange(0, d, 2) / d)
    cos, sin = np.cos(angles).astype(x.dtype), turn * np.sin(angles).astype(x.dtype)
    x1, x2 = x[..., : d // 2], x[..., d // 2 :]
    return np.concatenate([x1 * cos - x2 * sin, x2 * cos + x1 * sin], axis=-1)


class GroupedQueryAttention(Module):
    """y = concat_h(softmax(q kᵀ / √D + M) v) Wₒ, a k and v for H/K heads: (B, T, C) -> (B, T, C).

    Ainslie et al. 2023 (arXiv:2305.13245).
    """

    def __init__(self, config, *, rng, dtype):
        super().__init__()
        c, self.kv_heads = config.width, config.n_kv_head
        self.head_size = c // config.n_head
        kv, options = self.kv_heads * self.head_size, {"rng": rng, "dtype": dtype}
        self.query, self.key, self.value = (Projection(c, n, **options) for n in (c, kv, kv))
        self.out = Projection(c, c, std=0.02 / math.sqrt(2 * config.n_layer), **options)

    def split(self, x):
        """(B, T, K·G·D) -> (B, K, G, T, D)."""
        x = x.reshape(*x.shape[:2], self.kv_heads, -1, self.head_size)
        return x.transpose(0, 2, 3, 1, 4)

    def merge(self, x):
        """(B, K, G, T, D) -> (B, T, K·G·D)."""
        x = x.transpose(0, 3, 1, 2, 4)
        return x.reshape(*x.shape[:2], -1)

    def shares(self, x):
        """q (B, K, G, T, D), k (B, K, 1, T, D) and the softmax (B, K, G, T, T)."""
        q, k = (rotated(self.split(project(x))) for project in (self.query, self.key))
        future = np.triu(np.ones((x.shape[1], x.shape[1]), bool), 1)
        scores = q @ k.swapaxes(-1, -2) / math.sqrt(self.head_size)
        return q, k, softmax(np.where(future, -np.inf, scores))

    def attention_weights(self, x):
        """The softmax, (B, H, T, T)."""
        a = self.shares(x)[-1]
        return a.reshape(len(a), -1, *a.shape[-2:])

    def forward(self, x):
        q, k, a = self.shares(x)
        v = self.split(self.value(x))
        self.keep(q, k, v, a)
        return self.out(self.merge(a @ v))

    def backward(self, dy):
        """dv = Σ_g aᵀ dy, da = dy vᵀ, ds = a · (da - Σ da a) / √D, dq = ds k, dk = Σ_g dsᵀ q."""
        q, k, v, a = self.take()
        dy = self.split(self.out.backward(dy))
        dv = (a.swapaxes(-1, -2) @ dy).sum(axis=2, keepdims=True)  # the heads of a group share it
        ds = softmax_backward(dy @ v.swapaxes(-1, -2), a) / math.sqrt(self.head_size)
        dq, dk = ds @ k, (ds.swapaxes(-1, -2) @ q).sum(axis=2, keepdims=True)
        return (
            self.query.backward(self.merge(rotated(dq, -1)))
            + self.key.backward(self.merge(rotated(dk, -1)))
            + self.value.backward(self.merge(dv))
        )


class SwiGLU(Module):
    """y = (silu(x W₁) · x W₃) W₂, silu(g) = g σ(g): (B, T, C) -> (B, T, C).

    Shazeer 2020 (arXiv:2002.05202).
    """

    def __init__(self, config, *, rng, dtype):
        super().__init__()
        c, f = config.width, config.hidden
        self.gate, self.up = (Projection(c, f, rng=rng, dtype=dtype) for _ in range(2))
        std = 0.02 / math.sqrt(2 * config.n_layer)
        self.down = Projection(f, c, rng=rng, dtype=dtype, std=std)

    def forward(self, x):
        g, u = self.gate(x), self.up(x)
        sigma = 0.5 * (1 + np.tanh(0.5 * g))  # σ(g), which never overflows so
        self.keep(g, u, sigma)
        return self.down(g * sigma * u)

    def backward(self, dy):
        """dg = dh · u · σ(g)(1 + g (1 - σ(g))), du = dh · silu(g), where dh = dy W₂ᵀ."""
        g, u, sigma = self.take()
        dh = self.down.backward(dy)
        dg = dh * u * sigma * (1 + g * (1 - sigma))
        return self.gate.backward(dg) + self.up.backward(dh * g * sigma)


class Block(Module):
    """u = x + attention(norm_1(x)), y = u + feed_forward(norm_2(u)): (B, T, C) -> (B, T, C)."""

    def __init__(self, config, *, rng, dtype):
        super().__init__()
        self.norm_1, self.norm_2 = (RMSNorm(config.width, dtype=dtype) for _ in range(2))
        self.attention = GroupedQueryAttention(config, rng=rng, dtype=dtype)
        self.feed_forward = SwiGLU(config, rng=rng, dtype=dtype)

    def forward(self, x):
        x = x + self.attention(self.norm_1(x))
        return x + self.feed_forward(self.norm_2(x))

    def backward(self, dx):
        """dx = dy + what comes back through each branch."""
        dx = dx + self.norm_2.backward(self.feed_forward.backward(dx))
        return dx + self.norm_1.backward(self.attention.backward(dx))


class AlpacaModel(Module):
    """logits = norm(blocks(E[ids])) W: ids (B, T) -> logits (B, T, V).

    Touvron et al. 2023 (arXiv:2302.13971).
    """

    Config = AlpacaConfig

    def __init__(self, config, *, rng, dtype=np.float32):
        super().__init__()
        self.config = config
        v, c, options = config.vocab_size, config.width, {"rng": rng, "dtype": dtype}
        self.words = Embedding(v, c, **options)
        self.blocks = [Block(config, **options) for _ in range(config.n_layer)]
        self.norm = RMSNorm(c, dtype=dtype)
        self.head = TiedHead(self.words) if config.tied else Projection(c, v, **options)

    def forward(self, ids):
        if ids.shape[1] > self.config.block_size:
            raise NpgptError(f"{ids.shape[1]} ids, but block_size is {self.config.block_size}")
        x = self.words(ids)
        for block in self.blocks:
            x = block(x)
        return self.logits(x)

    def logits(self, x):
        """What the head reads in the stream: (B, T, C) -> (B, T, V)."""
        return self.head(self.norm(x))

    def backward(self, dlogits):
        """dE[ids] += dx, where dx is dlogits back through W, norm and the blocks."""
        dx = self.norm.backward(self.head.backward(dlogits))
        for block in reversed(self.blocks):
            dx = block.backward(dx)
        self.words.backward(dx)
