"""The position-wise network of a transformer block."""

import numpy as np
import numpy.typing as npt

from npgpt_core.layers.activation import ReLU
from npgpt_core.layers.linear import Linear
from npgpt_core.module import Module
from npgpt_core.types import Array


class FeedForward(Module):
    """y = act(x W₁ + b₁) W₂ + b₂: (..., C) -> (..., C), through ``expansion`` · C channels.

    Vaswani et al. 2017 (arXiv:1706.03762), section 3.3.

    Args:
        n_embd: C.
        rng: draws the weights.
        expansion: width of the middle, in C.
        activation: the non-linearity, ReLU unless given.
        proj_std: spread of the initial W₂.
        dtype: of the parameters.
    """

    def __init__(
        self,
        n_embd: int,
        *,
        rng: np.random.Generator,
        expansion: int = 4,
        activation: Module | None = None,
        proj_std: float = 0.02,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        self.sizes(C=n_embd)
        self.expand = Linear(n_embd, expansion * n_embd, rng=rng, dtype=dtype)
        self.activation = activation if activation is not None else ReLU()
        self.proj = Linear(expansion * n_embd, n_embd, rng=rng, std=proj_std, dtype=dtype)

    def forward(self, x: Array) -> Array:
        """Widen, bend, narrow."""
        x = self.expand(x)
        x = self.activation(x)
        return self.proj(x)

    def backward(self, dy: Array) -> Array:
        """dx = (dy W₂ᵀ · act'(h)) W₁ᵀ, where h = x W₁ + b₁."""
        dy = self.proj.backward(dy)
        dy = self.activation.backward(dy)
        return self.expand.backward(dy)
