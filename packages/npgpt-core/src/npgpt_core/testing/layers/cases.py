"""Small float64 examples of every layer and registered model, for gradient checks."""

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from npgpt_core import registry
from npgpt_core.layers.activation import GELU, ReLU, Softmax
from npgpt_core.layers.attention import MultiHeadAttention
from npgpt_core.layers.dropout import Dropout
from npgpt_core.layers.embedding import Embedding
from npgpt_core.layers.feedforward import FeedForward
from npgpt_core.layers.grouped_query_attention import GroupedQueryAttention
from npgpt_core.layers.layernorm import LayerNorm
from npgpt_core.layers.linear import Linear
from npgpt_core.layers.rmsnorm import RMSNorm
from npgpt_core.layers.rotary import RopeScaling, Rotary
from npgpt_core.layers.swiglu import SwiGLU
from npgpt_core.layers.tied_head import TiedHead
from npgpt_core.losses import CrossEntropy
from npgpt_core.module import Module
from npgpt_core.testing.small import LONG, B, C, H, T, V, random_ids, small_model
from npgpt_core.types import Array

SCALING = RopeScaling(8.0, 1.0, 4.0, 64)  # a fast pair, one in between, slow ones

Case = Callable[..., tuple[Module, Array]]
"""Called with nothing, or with (rng, dtype): what ``layer_checks`` calls a factory."""


def layer_cases() -> dict[str, Case]:
    """Name -> function that gives a layer and an input for it."""
    layers: dict[str, Callable[..., Module]] = {
        "Linear": lambda **options: Linear(C, C + 1, **options),
        "Linear without bias": lambda **options: Linear(C, C + 1, bias=False, **options),
        "TiedHead": lambda **options: TiedHead(Embedding(V, C, **options), bias=True),
        "Embedding": lambda **options: Embedding(V, C, **options),
        "LayerNorm": lambda rng, dtype: LayerNorm(C, dtype=dtype),
        "RMSNorm": lambda rng, dtype: RMSNorm(C, dtype=dtype),
        "ReLU": lambda rng, dtype: ReLU(),
        "GELU": lambda rng, dtype: GELU(),
        "Softmax": lambda rng, dtype: Softmax(),
        "Dropout": lambda rng, dtype: Dropout(0.3, rng=rng),
        "MultiHeadAttention": lambda **options: MultiHeadAttention(C, H, **options),
        "Rotary": lambda rng, dtype: Rotary(C, LONG),
        "Rotary scaled": lambda rng, dtype: Rotary(C, LONG, scaling=SCALING),
        "GroupedQueryAttention": lambda **options: GroupedQueryAttention(C, H, 1, **options),
        "GroupedQueryAttention rotated": lambda **options: GroupedQueryAttention(
            C, H, H, rotary=Rotary(C // H, LONG), **options
        ),
        "GroupedQueryAttention with all": lambda **options: GroupedQueryAttention(
            C, 4, 2, head_size=6, rotary=Rotary(6, LONG), bias=True, qk_norm_eps=1e-6, **options
        ),
        "FeedForward": lambda **options: FeedForward(C, **options),
        "SwiGLU": lambda **options: SwiGLU(C, C + 5, **options),
        "CrossEntropy": lambda rng, dtype: _WithTargets(),
    }
    return {name: partial(_case, make) for name, make in layers.items()}


def gradient_cases() -> dict[str, Case]:
    """All layers, and every installed model made small."""
    models = {name: partial(_registered_model, name) for name in registry.names("model")}
    return {**layer_cases(), **models}


def _case(
    make: Callable[..., Module],
    rng: np.random.Generator | None = None,
    dtype: npt.DTypeLike = np.float64,
) -> tuple[Module, Array]:
    rng = rng or np.random.default_rng(0)
    layer = make(rng=rng, dtype=dtype)
    if isinstance(layer, Embedding):
        return layer, rng.integers(0, V, (B, T))
    return layer, rng.normal(size=(B, T, C)).astype(dtype)


def _registered_model(name: str) -> tuple[Module, Array]:
    return small_model(registry.load("model", name), dropout=0.1), random_ids()


class _WithTargets(Module):
    """The loss as a function of the logits alone."""

    def __init__(self) -> None:
        super().__init__()
        self.criterion = CrossEntropy()
        self.targets = np.random.default_rng(0).integers(0, C, (B, T))

    def forward(self, logits: Array) -> float:
        return self.criterion(logits, self.targets)

    def backward(self, dloss: Array) -> Array:
        return self.criterion.backward(float(dloss))
