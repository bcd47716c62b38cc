"""What shapes a Llama, and with other numbers SmolLM2, Qwen2 and Qwen3."""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

from npgpt_core.errors import NpgptError
from npgpt_core.layers.rotary import RopeScaling
from npgpt_core.numbers import real_number, whole_number
from npgpt_models.config import require_whole_heads, settle, settle_sizes, truth_value

FROM_OTHERS: Any = None  # the default of a size that follows from the other sizes


@dataclass(frozen=True)
class LlamaConfig:
    """The numbers that shape a Llama, and with them SmolLM2, Qwen2 and Qwen3.

    Args:
        vocab_size: V, number of token ids.
        block_size: T, the longest context in tokens.
        n_layer: L, number of blocks.
        n_head: H, query heads a block.
        n_kv_head: K, key/value heads a block, a divisor of H; H unless given.
        n_embd: C, channels.
        n_hidden: width of the feed-forward networks; 8/3 C unless given, rounded up to a multiple
            of 8, which makes their three matrices as large as a GPT's two of 4C.
        head_size: D, an even number; C / H unless given.
        norm_eps: ε of every RMSNorm.
        rope_theta: base of the wavelengths by which positions turn.
        rope_factor: how much longer the slow wavelengths are than trained at first, as in Llama 3.1
            ("llama3"); 1 leaves all as they are.
        rope_low_freq_factor: what turns fewer times in the original block is slowed by the factor.
        rope_high_freq_factor: what turns more times in it stays; in between it is interpolated.
        rope_original_block_size: T before it was made longer.
        qkv_bias: whether queries, keys and values have a bias, as in Qwen2.
        qk_norm: whether queries and keys are normalized, as in Qwen3.
        tie_embeddings: whether the head reads with the table of the token embedding.

    Raises:
        NpgptError: names the field that is out of range.
    """

    vocab_size: int
    block_size: int = 128
    n_layer: int = 4
    n_head: int = 4
    n_kv_head: int = FROM_OTHERS
    n_embd: int = 256
    n_hidden: int = FROM_OTHERS
    head_size: int = FROM_OTHERS
    norm_eps: float = 1e-5
    rope_theta: float = 10_000.0
    rope_factor: float = 1.0
    rope_low_freq_factor: float = RopeScaling.low_freq_factor
    rope_high_freq_factor: float = RopeScaling.high_freq_factor
    rope_original_block_size: int = RopeScaling.original_block_size
    qkv_bias: bool = False
    qk_norm: bool = False
    tie_embeddings: bool = True

    def __post_init__(self) -> None:
        settle_sizes(self)
        settle(self, truth_value, "qkv_bias", "qk_norm", "tie_embeddings")
        settle(self, partial(real_number, low=0, high=math.inf), "norm_eps")
        self._settle_widths()
        self._settle_rotation()

    def _settle_widths(self) -> None:
        h, c = self.n_head, self.n_embd
        if self.head_size is None:
            require_whole_heads(c, h, otherwise=", or give head_size")
        sizes = {"n_kv_head": h, "n_hidden": 8 * math.ceil(c / 3), "head_size": c // h}
        for name, size in sizes.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, size)
        settle(self, whole_number, *sizes)
        if h % self.n_kv_head:
            raise NpgptError(f"n_kv_head is {self.n_kv_head}, expected a divisor of n_head = {h}")
        if self.head_size % 2:
            raise NpgptError(
                f"head_size is {self.head_size}, expected an even number: positions turn its"
                " channels in pairs"
            )

    def _settle_rotation(self) -> None:
        settle(self, whole_number, "rope_original_block_size")
        settle(self, partial(real_number, low=1, high=math.inf), "rope_theta", "rope_factor")
        low, high = "rope_low_freq_factor", "rope_high_freq_factor"
        settle(self, partial(real_number, low=0, high=math.inf), low, high)
        if not self.rope_low_freq_factor < self.rope_high_freq_factor:
            raise NpgptError(
                f"{high} is {self.rope_high_freq_factor}, expected more than"
                f" {low} = {self.rope_low_freq_factor}"
            )

    @property
    def num_parameters(self) -> int:
        """How many numbers a model of this shape has, computed without making one."""
        v, c, d = self.vocab_size, self.n_embd, self.head_size
        q, qkv = self.n_head * d, (self.n_head + 2 * self.n_kv_head) * d
        attention = c * qkv + q * c
        attention += qkv if self.qkv_bias else 0
        attention += 2 * d if self.qk_norm else 0
        block = c + attention + c + 3 * c * self.n_hidden
        head = 0 if self.tie_embeddings else c * v
        return v * c + self.n_layer * block + c + head

    @property
    def rope_scaling(self) -> RopeScaling | None:
        """How the wavelengths are stretched; None where they are not."""
        if self.rope_factor == 1:
            return None
        return RopeScaling(
            factor=self.rope_factor,
            low_freq_factor=self.rope_low_freq_factor,
            high_freq_factor=self.rope_high_freq_factor,
            original_block_size=self.rope_original_block_size,
        )
