"""Llama: the decoder-only transformer of today (Touvron et al. 2023, arXiv:2302.13971)."""

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from npgpt_core.errors import LayerError, short_repr
from npgpt_core.layers.attention import KeyValueCache
from npgpt_core.layers.embedding import Embedding
from npgpt_core.layers.grouped_query_attention import GroupedQueryAttention
from npgpt_core.layers.linear import Linear
from npgpt_core.layers.rmsnorm import RMSNorm
from npgpt_core.layers.rotary import Rotary
from npgpt_core.layers.swiglu import SwiGLU
from npgpt_core.layers.tied_head import TiedHead
from npgpt_core.module import Module
from npgpt_core.types import Array, Ids
from npgpt_models.llama_config import LlamaConfig
from npgpt_models.positions import next_positions


class Block(Module):
    """u = x + attn(norm_1(x)), y = u + ff(norm_2(u)): (B, T, C) -> (B, T, C)."""

    def __init__(
        self,
        config: LlamaConfig,
        *,
        rng: np.random.Generator,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        c, eps = config.n_embd, config.norm_eps
        proj_std = 0.02 / math.sqrt(2 * config.n_layer)  # 2L branches add up in the residual
        rotary = Rotary(
            config.head_size,
            config.block_size,
            theta=config.rope_theta,
            scaling=config.rope_scaling,
        )
        self.norm_1 = RMSNorm(c, eps=eps, dtype=dtype)
        self.attn = GroupedQueryAttention(
            c,
            config.n_head,
            config.n_kv_head,
            head_size=config.head_size,
            rotary=rotary,
            bias=config.qkv_bias,
            qk_norm_eps=eps if config.qk_norm else None,
            rng=rng,
            proj_std=proj_std,
            dtype=dtype,
        )
        self.norm_2 = RMSNorm(c, eps=eps, dtype=dtype)
        self.ff = SwiGLU(c, config.n_hidden, rng=rng, proj_std=proj_std, dtype=dtype)

    def forward(self, x: Array, cache: KeyValueCache | None = None) -> Array:
        """Each branch adds to the residual stream."""
        x = x + self.attn(self.norm_1(x), cache)
        x = x + self.ff(self.norm_2(x))
        return x

    def backward(self, dx: Array) -> Array:
        """du = dy + [∂ff(norm_2(u))/∂u]ᵀ dy, dx = du + [∂attn(norm_1(x))/∂x]ᵀ du."""
        dx = dx + self.norm_2.backward(self.ff.backward(dx))
        dx = dx + self.norm_1.backward(self.attn.backward(dx))
        return dx


class Llama(Module):
    """logits = head(norm_f(blocks(E[ids]))): ids (B, T) -> logits (B, T, V).

    E are the tokens' vectors; a position is the angle by which attention turns queries and keys. T
    is at most ``config.block_size``. Weights start as a GPT's. The head is x W, or
    x Eᵀ with ``config.tie_embeddings``.

    Args:
        config: the shape.
        rng: draws the weights.
        dtype: float32 to train, float64 to check gradients.
    """

    Config: ClassVar[type[LlamaConfig]] = LlamaConfig
    presets: ClassVar[Mapping[str, Mapping[str, int | bool]]] = {  # as many numbers as a GPT's
        "tiny": {
            "n_layer": 2,
            "n_head": 2,
            "n_kv_head": 1,
            "n_embd": 32,
            "n_hidden": 104,
            "tie_embeddings": False,
        },
        "quick": {"n_kv_head": 2, "n_embd": 128, "n_hidden": 400, "tie_embeddings": False},
        "full": {"n_kv_head": 2, "n_hidden": 784, "tie_embeddings": False},
    }

    def __init__(
        self, config: LlamaConfig, *, rng: np.random.Generator, dtype: npt.DTypeLike = np.float32
    ) -> None:
        super().__init__()
        if not isinstance(config, LlamaConfig):
            raise LayerError(self, f"config is {short_repr(config)}, expected a LlamaConfig")
        self.config = config
        v, c = config.vocab_size, config.n_embd
        self.token_embedding = Embedding(v, c, rng=rng, dtype=dtype)
        self.blocks = [Block(config, rng=rng, dtype=dtype) for _ in range(config.n_layer)]
        self.norm_f = RMSNorm(c, eps=config.norm_eps, dtype=dtype)
        if config.tie_embeddings:
            self.head: Module = TiedHead(self.token_embedding)
        else:
            self.head = Linear(c, v, rng=rng, bias=False, dtype=dtype)

    def forward(self, ids: Ids, cache: list[KeyValueCache] | None = None) -> Array:
        """Logits of ids (B, T).

        With a ``cache`` the ids follow the positions already in it, and the logits are those of the
        last position alone, (B, 1, V).

        Raises:
            LayerError: ids that are not (B, T), or more positions than ``block_size``.
        """
        next_positions(self, self.config.block_size, ids, cache)
        x = self.token_embedding(ids)
        for i, block in enumerate(self.blocks):
            x = block(x, cache[i] if cache else None)
        return self.logits(x[:, -1:] if cache else x)

    def logits(self, x: Array) -> Array:
        """What the head reads in the residual stream, after any block: (B, T, C) -> (B, T, V)."""
        return self.head(self.norm_f(x))

    def backward(self, dlogits: Array) -> None:
        """dE[ids] += dx, where dx is dlogits back through the head, norm_f and the blocks.

        dlogits is (B, T, V); ids have no gradient.
        """
        dx = self.head.backward(dlogits)
        dx = self.norm_f.backward(dx)
        for block in reversed(self.blocks):
            dx = block.backward(dx)
        self.token_embedding.backward(dx)

    def new_cache(self, batch: int) -> list[KeyValueCache]:
        """One empty key/value cache a block, for ``forward(ids, cache)`` in evaluation mode."""
        c = self.config
        dtype = self.token_embedding.weight.dtype
        return [
            KeyValueCache(batch, c.n_kv_head, c.block_size, c.head_size, dtype) for _ in self.blocks
        ]
