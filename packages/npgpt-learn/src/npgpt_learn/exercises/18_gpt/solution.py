"""Your own GPT: the layers that you wrote, put together as a model that npgpt trains."""

from dataclasses import dataclass
from importlib import import_module

import numpy as np

from npgpt_core import Module, NpgptError

linear = import_module("03_linear")
embedding = import_module("04_embedding")
gelu = import_module("05_gelu")
layernorm = import_module("08_layernorm")
attention = import_module("09_attention")
heads = import_module("10_heads")
block = import_module("11_block")


def rows(x):
    """(B, T, C) -> (B · T, C): the layers of the exercises take one row after another."""
    return x.reshape(-1, x.shape[-1])


def like(x, *arrays):
    """The arrays with the precision of x: float32 in training."""
    return tuple(np.asarray(array, x.dtype) for array in arrays)


class Linear(Module):
    """y = x W + b: (B, T, I) -> (B, T, O)."""

    def __init__(self, n_in, n_out, *, rng, std=0.02, dtype):
        super().__init__()
        self.sizes(I=n_in, O=n_out)
        self.parameter("weight", rng.normal(0, std, (n_in, n_out)), dtype)
        self.parameter("bias", np.zeros(n_out), dtype)

    def forward(self, x):
        self.keep(x)
        (y,) = like(x, linear.linear(rows(x), self.weight, self.bias))
        return y.reshape(*x.shape[:-1], -1)

    def backward(self, dy):
        x = self.take()
        dx = linear.linear_backward(rows(dy), rows(x), self.weight, self.dweight, self.dbias)
        return dx.reshape(x.shape)


class Embedding(Module):
    """y = W[ids]: whole numbers (B, T), or (T,) -> (B, T, C), or (T, C)."""

    def __init__(self, n_ids, n_embd, *, rng, dtype):
        super().__init__()
        self.sizes(V=n_ids, C=n_embd)
        self.parameter("weight", rng.normal(0, 0.02, (n_ids, n_embd)), dtype)

    def forward(self, ids):
        if ids.size and not 0 <= ids.min() <= ids.max() < len(self.weight):
            raise NpgptError(f"an id is below 0, or not below {len(self.weight)}")
        self.keep(ids)
        return embedding.embedding(ids.reshape(-1), self.weight).reshape(*ids.shape, -1)

    def backward(self, dy):
        ids = self.take()
        embedding.embedding_backward(rows(dy), ids.reshape(-1), self.dweight)


class GELU(Module):
    """y = gelu(x), any shape."""

    def forward(self, x):
        y, t = like(x, *gelu.gelu(x))
        self.keep(x, t)
        return y

    def backward(self, dy):
        x, t = self.take()
        (dx,) = like(dy, gelu.gelu_backward(dy, x, t))
        return dx


class LayerNorm(Module):
    """y = γ x̂ + β: (B, T, C) -> (B, T, C)."""

    def __init__(self, n_embd, *, dtype):
        super().__init__()
        self.sizes(C=n_embd)
        self.parameter("gamma", np.ones(n_embd), dtype)
        self.parameter("beta", np.zeros(n_embd), dtype)

    def forward(self, x):
        y, x_hat, rstd = like(x, *layernorm.layernorm(rows(x), self.gamma, self.beta))
        self.keep(x_hat, rstd)
        return y.reshape(x.shape)

    def backward(self, dy):
        x_hat, rstd = self.take()
        dx = layernorm.layernorm_backward(
            rows(dy), x_hat, rstd, self.gamma, self.dgamma, self.dbeta
        )
        return dx.reshape(dy.shape)


class Attention(Module):
    """Causal attention with several heads: (B, T, C) -> (B, T, C)."""

    def __init__(self, n_embd, n_head, *, rng, proj_std, dtype):
        super().__init__()
        self.sizes(C=n_embd, H=n_head)
        self.n_head = n_head
        self.qkv = Linear(n_embd, 3 * n_embd, rng=rng, dtype=dtype)
        self.proj = Linear(n_embd, n_embd, rng=rng, std=proj_std, dtype=dtype)

    def forward(self, x):
        qkv = self.qkv(x)  # (B, T, 3C)
        y, kept = np.empty(x.shape, x.dtype), []
        for b in range(len(x)):
            q, k, v = (heads.split(part, self.n_head) for part in np.split(qkv[b], 3, axis=-1))
            # Yours: z, a, what attention.attention gives for each head: H times (T, D) and (T, T)
            z, a = zip(*map(attention.attention, q, k, v))

            y[b] = heads.merge(np.stack(z))
            kept.append((q, k, v, like(x, *a)))
        self.keep(kept)
        return self.proj(y)

    def backward(self, dy):
        kept = self.take()
        dy = self.proj.backward(dy)
        dqkv = np.empty((*dy.shape[:-1], 3 * dy.shape[-1]), dy.dtype)
        for b, (q, k, v, a) in enumerate(kept):
            # Yours: dz (H, T, D), the gradient of what each head gave
            dz = heads.merge_backward(dy[b], self.n_head)
            # Yours: dq, dk, dv, of each head: H times (T, D)
            dq, dk, dv = zip(*map(attention.attention_backward, dz, q, k, v, a))

            parts = [heads.split_backward(np.stack(part)) for part in (dq, dk, dv)]
            dqkv[b] = np.concatenate(parts, axis=-1)
        return self.qkv.backward(dqkv)


class FeedForward(Module):
    """y = gelu(x W₁ + b₁) W₂ + b₂: (B, T, C) -> (B, T, C)."""

    def __init__(self, n_embd, *, rng, proj_std, dtype):
        super().__init__()
        self.sizes(C=n_embd)
        self.expand = Linear(n_embd, 4 * n_embd, rng=rng, dtype=dtype)
        self.gelu = GELU()
        self.proj = Linear(4 * n_embd, n_embd, rng=rng, std=proj_std, dtype=dtype)

    def forward(self, x):
        # Yours: y (B, T, C)
        y = self.proj(self.gelu(self.expand(x)))
        return y

    def backward(self, dy):
        # Yours: dx (B, T, C)
        dx = self.expand.backward(self.gelu.backward(self.proj.backward(dy)))
        return dx


class Block(Module):
    """Two branches, each added to the stream: (B, T, C) -> (B, T, C)."""

    def __init__(self, config, *, rng, dtype):
        super().__init__()
        std = 0.02 / np.sqrt(2 * config.n_layer)  # all branches of all blocks add up
        self.ln_1 = LayerNorm(config.n_embd, dtype=dtype)
        self.attn = Attention(config.n_embd, config.n_head, rng=rng, proj_std=std, dtype=dtype)
        self.ln_2 = LayerNorm(config.n_embd, dtype=dtype)
        self.ff = FeedForward(config.n_embd, rng=rng, proj_std=std, dtype=dtype)

    def forward(self, x):
        return block.block(x, self.ln_1, self.attn, self.ln_2, self.ff)

    def backward(self, dy):
        return block.block_backward(dy, self.ln_1, self.attn, self.ln_2, self.ff)


@dataclass(frozen=True)
class Config:
    """The numbers that shape a GPT: `npgpt train --n-layer 2` and so on."""

    vocab_size: int
    block_size: int = 128
    n_layer: int = 4
    n_head: int = 4
    n_embd: int = 256

    def __post_init__(self):
        for name, value in vars(self).items():
            if not (isinstance(value, int) and value > 0):
                raise NpgptError(f"{name} is {value!r}, expected a whole number above 0")
        if self.n_embd % self.n_head:
            raise NpgptError(f"n_embd = {self.n_embd} is no multiple of n_head = {self.n_head}")


class GPT(Module):
    """ids (B, T) -> logits (B, T, V)."""

    Config = Config
    presets = {"tiny": {"n_layer": 2, "n_head": 2, "n_embd": 32}, "quick": {"n_embd": 128}}

    def __init__(self, config, *, rng, dtype=np.float32):
        super().__init__()
        self.config = config
        v, t, c = config.vocab_size, config.block_size, config.n_embd
        self.token_embedding = Embedding(v, c, rng=rng, dtype=dtype)
        self.position_embedding = Embedding(t, c, rng=rng, dtype=dtype)
        self.blocks = [Block(config, rng=rng, dtype=dtype) for _ in range(config.n_layer)]
        self.ln_f = LayerNorm(c, dtype=dtype)
        self.head = Linear(c, v, rng=rng, dtype=dtype)

    def forward(self, ids):
        n_positions = ids.shape[1]
        if n_positions > self.config.block_size:
            raise NpgptError(f"{n_positions} ids a row, expected at most {self.config.block_size}")
        # Yours: x (B, T, C), from the two embeddings, through all blocks
        x = self.token_embedding(ids) + self.position_embedding(np.arange(n_positions))
        for layer in self.blocks:
            x = layer(x)
        # Yours: logits (B, T, V)
        logits = self.head(self.ln_f(x))
        return logits

    def backward(self, dlogits):
        # Yours: dx (B, T, C), back through the head, ln_f and all blocks
        dx = self.ln_f.backward(self.head.backward(dlogits))
        for layer in reversed(self.blocks):
            dx = layer.backward(dx)
        # Yours: both embeddings
        self.position_embedding.backward(dx.sum(axis=0))
        self.token_embedding.backward(dx)
