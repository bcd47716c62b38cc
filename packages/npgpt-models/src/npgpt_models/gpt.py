"""GPT: a decoder-only transformer (Radford et al. 2019), pre-norm, with learned positions."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from npgpt_core.errors import LayerError, NpgptError, short_repr
from npgpt_core.layers.activation import GELU, ReLU
from npgpt_core.layers.attention import KeyValueCache, MultiHeadAttention
from npgpt_core.layers.dropout import Dropout
from npgpt_core.layers.embedding import Embedding
from npgpt_core.layers.feedforward import FeedForward
from npgpt_core.layers.layernorm import LayerNorm
from npgpt_core.layers.linear import Linear
from npgpt_core.layers.tied_head import TiedHead
from npgpt_core.module import Module
from npgpt_core.numbers import real_number
from npgpt_core.types import Array, Ids
from npgpt_models.config import require_whole_heads, settle, settle_sizes, truth_value
from npgpt_models.positions import next_positions

ACTIVATIONS = {"relu": ReLU, "gelu": GELU}


@dataclass(frozen=True)
class GPTConfig:
    """The numbers that shape a GPT.

    Args:
        vocab_size: V, number of token ids.
        block_size: T, the longest context in tokens.
        n_layer: L, number of blocks.
        n_head: H, attention heads a block, a divisor of n_embd.
        n_embd: C, channels.
        dropout: share of the numbers set to zero in training, from 0 up to but not including 1.
        activation: non-linearity of the feed-forward networks, "relu" or "gelu".
        tie_embeddings: whether the head reads with the table of the token embedding.
        head_bias: whether the head adds a bias. GPT-2 has "gelu", a tied head and no bias in it.

    Raises:
        NpgptError: names the field that is out of range.
    """

    vocab_size: int
    block_size: int = 128
    n_layer: int = 4
    n_head: int = 4
    n_embd: int = 256
    dropout: float = 0.0
    activation: str = "relu"
    tie_embeddings: bool = False
    head_bias: bool = True

    def __post_init__(self) -> None:
        settle_sizes(self)
        settle(self, truth_value, "tie_embeddings", "head_bias")
        require_whole_heads(self.n_embd, self.n_head)
        settle(self, partial(real_number, low=0, high=1), "dropout")
        if self.activation not in list(ACTIVATIONS):
            raise NpgptError(
                f"activation is {short_repr(self.activation)}, expected one of"
                f" {', '.join(ACTIVATIONS)}"
            )

    @property
    def num_parameters(self) -> int:
        """How many numbers a model of this shape has, computed without making one."""
        v, t, c = self.vocab_size, self.block_size, self.n_embd
        attention = c * 3 * c + 3 * c + c * c + c
        feedforward = c * 4 * c + 4 * c + 4 * c * c + c
        block = 2 * c + attention + 2 * c + feedforward
        head = (0 if self.tie_embeddings else c * v) + (v if self.head_bias else 0)
        return v * c + t * c + self.n_layer * block + 2 * c + head


class Block(Module):
    """u = x + attn(ln_1(x)), y = u + ff(ln_2(u)): (B, T, C) -> (B, T, C)."""

    def __init__(
        self, config: GPTConfig, *, rng: np.random.Generator, dtype: npt.DTypeLike = np.float32
    ) -> None:
        super().__init__()
        c = config.n_embd
        proj_std = 0.02 / math.sqrt(2 * config.n_layer)  # 2L branches add up in the residual
        self.ln_1 = LayerNorm(c, dtype=dtype)
        self.attn = MultiHeadAttention(c, config.n_head, rng=rng, proj_std=proj_std, dtype=dtype)
        self.drop_1 = Dropout(config.dropout, rng=rng)
        self.ln_2 = LayerNorm(c, dtype=dtype)
        activation = ACTIVATIONS[config.activation]()
        self.ff = FeedForward(c, rng=rng, activation=activation, proj_std=proj_std, dtype=dtype)
        self.drop_2 = Dropout(config.dropout, rng=rng)

    def forward(self, x: Array, cache: KeyValueCache | None = None) -> Array:
        """Each branch adds to the residual stream."""
        x = x + self.drop_1(self.attn(self.ln_1(x), cache))
        x = x + self.drop_2(self.ff(self.ln_2(x)))
        return x

    def backward(self, dx: Array) -> Array:
        """du = dy + [∂ff(ln_2(u))/∂u]ᵀ dy, dx = du + [∂attn(ln_1(x))/∂x]ᵀ du: a fork is a sum."""
        dx = dx + self.ln_2.backward(self.ff.backward(self.drop_2.backward(dx)))
        dx = dx + self.ln_1.backward(self.attn.backward(self.drop_1.backward(dx)))
        return dx


class GPT(Module):
    """logits = head(ln_f(blocks(E[ids] + P))): ids (B, T) -> logits (B, T, V).

    E are the tokens' vectors and P those of the positions; T is at most ``config.block_size``.
    Weights start from N(0, 0.02²), residual projections scaled by 1/√(2L), so that the first loss
    is near ln V. The head is x W, or x Eᵀ with ``config.tie_embeddings``, and adds b with
    ``config.head_bias``.

    Args:
        config: the shape.
        rng: draws the weights, and the dropout masks until ``use_rng`` says otherwise.
        dtype: float32 to train, float64 to check gradients.
    """

    Config: ClassVar[type[GPTConfig]] = GPTConfig
    presets: ClassVar[Mapping[str, Mapping[str, int]]] = {
        "tiny": {"n_layer": 2, "n_head": 2, "n_embd": 32},
        "quick": {"n_embd": 128},
    }

    def __init__(
        self, config: GPTConfig, *, rng: np.random.Generator, dtype: npt.DTypeLike = np.float32
    ) -> None:
        super().__init__()
        if not isinstance(config, GPTConfig):
            raise LayerError(self, f"config is {short_repr(config)}, expected a GPTConfig")
        self.config = config
        v, t, c = config.vocab_size, config.block_size, config.n_embd
        self.token_embedding = Embedding(v, c, rng=rng, dtype=dtype)
        self.position_embedding = Embedding(t, c, rng=rng, dtype=dtype)
        self.drop = Dropout(config.dropout, rng=rng)
        self.blocks = [Block(config, rng=rng, dtype=dtype) for _ in range(config.n_layer)]
        self.ln_f = LayerNorm(c, dtype=dtype)
        bias = config.head_bias
        if config.tie_embeddings:
            self.head: Module = TiedHead(self.token_embedding, bias=bias)
        else:
            self.head = Linear(c, v, rng=rng, bias=bias, dtype=dtype)

    def forward(self, ids: Ids, cache: list[KeyValueCache] | None = None) -> Array:
        """Logits of ids (B, T).

        With a ``cache`` the ids follow the positions already in it, and the logits are those of the
        last position alone, (B, 1, V).

        Raises:
            LayerError: ids that are not (B, T), or more positions than ``block_size``.
        """
        positions = next_positions(self, self.config.block_size, ids, cache)
        x = self.token_embedding(ids) + self.position_embedding(positions)
        x = self.drop(x)
        for i, block in enumerate(self.blocks):
            x = block(x, cache[i] if cache else None)
        return self.logits(x[:, -1:] if cache else x)

    def logits(self, x: Array) -> Array:
        """What the head reads in the residual stream, after any block: (B, T, C) -> (B, T, V)."""
        return self.head(self.ln_f(x))

    def backward(self, dlogits: Array) -> None:
        """dE[ids] += dx, dP = Σ_b dx, dx is dlogits back through the head, ln_f and the blocks.

        dlogits is (B, T, V); ids have no gradient.
        """
        dx = self.head.backward(dlogits)
        dx = self.ln_f.backward(dx)
        for block in reversed(self.blocks):
            dx = block.backward(dx)
        dx = self.drop.backward(dx)
        self.position_embedding.backward(dx.sum(axis=0))  # every row of the batch used it
        self.token_embedding.backward(dx)

    def new_cache(self, batch: int) -> list[KeyValueCache]:
        """One empty key/value cache a block, for ``forward(ids, cache)`` in evaluation mode."""
        c = self.config
        dtype = self.token_embedding.weight.dtype
        return [
            KeyValueCache(batch, c.n_head, c.block_size, c.n_embd // c.n_head, dtype)
            for _ in self.blocks
        ]
