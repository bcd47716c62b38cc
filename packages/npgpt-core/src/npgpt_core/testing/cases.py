"""Small float64 examples of every layer and registered model, for gradient checks."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from npgpt_core import registry
from npgpt_core.layers.activation import GELU, ReLU, Softmax
from npgpt_core.layers.attention import MultiHeadAttention
from npgpt_core.layers.dropout import Dropout
from npgpt_core.layers.embedding import Embedding
from npgpt_core.layers.feedforward import FeedForward
from npgpt_core.layers.layernorm import LayerNorm
from npgpt_core.layers.linear import Linear
from npgpt_core.losses import CrossEntropy
from npgpt_core.module import Module
from npgpt_core.types import Array

B, T, C, H, V = 2, 7, 12, 3, 11
"""The shape of all examples: T differs from the head size C / H = 4, so that a transposed gradient
cannot pass for a right one."""

Case = Callable[[], tuple[Module, Array]]

SMALL = {"n_layer": 2, "n_head": H, "n_embd": C, "dropout": 0.1}
"""Config fields by which a registered model is made small, where it has them."""


def layer_cases() -> dict[str, Case]:
    """Name -> function that gives a layer and an input for it."""
    rng = np.random.default_rng(0)
    options: dict[str, Any] = {"rng": rng, "dtype": np.float64}
    modules: dict[str, Callable[[], Module]] = {
        "Linear": lambda: Linear(C, C + 1, **options),
        "LayerNorm": lambda: LayerNorm(C, dtype=np.float64),
        "ReLU": ReLU,
        "GELU": GELU,
        "Softmax": Softmax,
        "Dropout": lambda: Dropout(0.3, rng=rng),
        "MultiHeadAttention": lambda: MultiHeadAttention(C, H, dropout=0.1, **options),
        "FeedForward": lambda: FeedForward(C, **options),
        "CrossEntropy": _WithTargets,
    }

    def case(make: Callable[[], Module]) -> tuple[Module, Array]:
        return make(), rng.normal(size=(B, T, C))

    def embedding() -> tuple[Module, Array]:
        return Embedding(V, C, **options), rng.integers(0, V, (B, T))

    cases: dict[str, Case] = {name: partial(case, make) for name, make in modules.items()}
    return {"Embedding": embedding, **cases}


def gradient_cases() -> dict[str, Case]:
    """All layers, and every installed model made small."""
    models = {name: partial(small_model, name) for name in registry.names("model")}
    return {**layer_cases(), **models}


def small_model(name: str) -> tuple[Module, Array]:
    """A registered model with as few numbers as its config allows, and ids for it."""
    rng = np.random.default_rng(0)
    target = registry.load("model", name)
    fields = {field.name for field in dataclasses.fields(target.Config)}
    small = {field: value for field, value in SMALL.items() if field in fields}
    config = target.Config(vocab_size=V, block_size=T + 1, **small)
    return target(config, rng=rng, dtype=np.float64), rng.integers(0, V, (B, T))


class _WithTargets(Module):
    """The loss as a function of the logits alone."""

    def __init__(self) -> None:
        super().__init__()
        self.criterion = CrossEntropy()
        self.targets = np.random.default_rng(0).integers(0, C, (B, T))

    def forward(self, logits: Array) -> float:
        loss: float = self.criterion(logits, self.targets)
        return loss

    def backward(self, dloss: Array) -> Array:
        return self.criterion.backward(float(dloss))
