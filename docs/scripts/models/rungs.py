"""The models between GPT and Llama: each differs from the one before it in one thing."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from npgpt_core import (
    Embedding,
    FeedForward,
    GroupedQueryAttention,
    LayerNorm,
    Linear,
    Module,
    MultiHeadAttention,
    RMSNorm,
    Rotary,
    SwiGLU,
)
from npgpt_core.layers.attention import KeyValueCache
from npgpt_models import GPT, GPTConfig, Llama, LlamaConfig

SHAPE = {"block_size": 64, "n_layer": 3, "n_head": 4, "n_embd": 96}
KV_HEADS = 1
HIDDEN = 256  # 8/3 C: three matrices as large as a GPT's two of 4 C


@dataclass(frozen=True)
class Rung:
    """What one model between the two is made of; the parts that it leaves out are a GPT's."""

    vocab_size: int
    rms: bool = False
    rotary: bool = False
    n_kv_head: int = SHAPE["n_head"]
    gate: bool = False
    block_size: int = SHAPE["block_size"]


class Block(Module):
    """u = x + attn(norm_1(x)), y = u + ff(norm_2(u)): (B, T, C) -> (B, T, C)."""

    def __init__(self, config: Rung, rng: np.random.Generator) -> None:
        super().__init__()
        c, h = SHAPE["n_embd"], SHAPE["n_head"]
        options: dict[str, Any] = {"rng": rng, "proj_std": 0.02 / math.sqrt(2 * SHAPE["n_layer"])}
        norm = RMSNorm if config.rms else LayerNorm
        self.norm_1, self.norm_2 = norm(c), norm(c)
        if config.rotary:
            rotary = Rotary(c // h, config.block_size)
            self.attn: Module = GroupedQueryAttention(
                c, h, config.n_kv_head, rotary=rotary, **options
            )
        else:
            self.attn = MultiHeadAttention(c, h, **options)
        self.ff = SwiGLU(c, HIDDEN, **options) if config.gate else FeedForward(c, **options)

    def forward(self, x: Any, cache: KeyValueCache | None = None) -> Any:
        """Each branch adds to the residual stream."""
        x = x + self.attn(self.norm_1(x), cache)
        return x + self.ff(self.norm_2(x))

    def backward(self, dx: Any) -> Any:
        """du = dy + [∂ff(norm_2(u))/∂u]ᵀ dy, dx = du + [∂attn(norm_1(x))/∂x]ᵀ du."""
        dx = dx + self.norm_2.backward(self.ff.backward(dx))
        return dx + self.norm_1.backward(self.attn.backward(dx))


class Between(Module):
    """logits = norm_f(blocks(E[ids] + P)) W + b, without P if rotary: ids (B, T) -> (B, T, V)."""

    def __init__(self, config: Rung, rng: np.random.Generator) -> None:
        super().__init__()
        self.config = config
        c = SHAPE["n_embd"]
        self.token_embedding = Embedding(config.vocab_size, c, rng=rng)
        self.positions = None if config.rotary else Embedding(config.block_size, c, rng=rng)
        self.blocks = [Block(config, rng) for _ in range(SHAPE["n_layer"])]
        self.norm_f = RMSNorm(c) if config.rms else LayerNorm(c)
        self.head = Linear(c, config.vocab_size, rng=rng)

    def forward(self, ids: Any, cache: list[KeyValueCache] | None = None) -> Any:
        """With a ``cache`` the logits of the last position alone, (B, 1, V)."""
        x = self.token_embedding(ids)
        if self.positions is not None:
            start = cache[0].length if cache else 0
            x = x + self.positions(np.arange(start, start + ids.shape[1]))
        for i, block in enumerate(self.blocks):
            x = block(x, cache[i] if cache else None)
        return self.head(self.norm_f(x[:, -1:] if cache else x))

    def backward(self, dlogits: Any) -> None:
        """dE[ids] += dx, dP = Σ_b dx."""
        dx = self.norm_f.backward(self.head.backward(dlogits))
        for block in reversed(self.blocks):
            dx = block.backward(dx)
        if self.positions is not None:
            self.positions.backward(dx.sum(axis=0))
        self.token_embedding.backward(dx)

    def new_cache(self, batch: int) -> list[KeyValueCache]:
        """One empty key/value cache a block."""
        k, d = self.config.n_kv_head, SHAPE["n_embd"] // SHAPE["n_head"]
        size = self.config.block_size
        return [KeyValueCache(batch, k, size, d, np.float32) for _ in self.blocks]


def between(**parts: Any) -> Callable[[int, np.random.Generator], Module]:
    """What makes the model with these parts."""
    return lambda vocab_size, rng: Between(Rung(vocab_size, **parts), rng)


def gpt(vocab_size: int, rng: np.random.Generator) -> Module:
    """The lowest rung."""
    return GPT(GPTConfig(vocab_size, **SHAPE), rng=rng)


def llama(vocab_size: int, rng: np.random.Generator) -> Module:
    """The highest rung."""
    config = LlamaConfig(vocab_size, n_kv_head=KV_HEADS, n_hidden=HIDDEN, **SHAPE)
    return Llama(config, rng=rng)


RUNGS: dict[str, Callable[[int, np.random.Generator], Module]] = {
    "gpt": gpt,
    "rmsnorm": between(rms=True),
    "rotary": between(rms=True, rotary=True),
    "grouped": between(rms=True, rotary=True, n_kv_head=KV_HEADS),
    "swiglu": between(rms=True, rotary=True, n_kv_head=KV_HEADS, gate=True),
    "llama": llama,
}
