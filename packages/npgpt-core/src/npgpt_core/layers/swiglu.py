"""The gated position-wise network of a Llama block."""

import numpy as np
import numpy.typing as npt

from npgpt_core.layers.linear import Linear
from npgpt_core.module import Module
from npgpt_core.types import Array


class SwiGLU(Module):
    """y = (silu(x W₁) · x W₂) W₃, silu(g) = g σ(g), σ(g) = 1 / (1 + e⁻ᵍ): (..., C) -> (..., C).

    The gate x W₁ lets each of F channels of x W₂ through, or not. Shazeer 2020 (arXiv:2002.05202).

    Args:
        n_embd: C.
        n_hidden: F, width of the middle.
        rng: draws the weights.
        proj_std: spread of the initial W₃.
        dtype: of the parameters.
    """

    def __init__(
        self,
        n_embd: int,
        n_hidden: int,
        *,
        rng: np.random.Generator,
        proj_std: float = 0.02,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        self.sizes(C=n_embd, F=n_hidden)
        self.gate = Linear(n_embd, n_hidden, rng=rng, bias=False, dtype=dtype)
        self.up = Linear(n_embd, n_hidden, rng=rng, bias=False, dtype=dtype)
        self.down = Linear(n_hidden, n_embd, rng=rng, std=proj_std, bias=False, dtype=dtype)

    def forward(self, x: Array) -> Array:
        """Widen twice, let one gate the other, narrow."""
        g, u = self.gate(x), self.up(x)
        sigma = sigmoid(g)
        silu = np.multiply(g, sigma, out=g)
        self.keep(u, sigma, silu)
        return self.down(silu * u)

    def backward(self, dy: Array) -> Array:
        """dx = dg W₁ᵀ + du W₂ᵀ, dg = dh u σ (1 + g (1 - σ)), du = dh silu(g), dh = dy W₃ᵀ.

        The slope of silu is σ + g σ (1 - σ), by the product rule and σ' = σ (1 - σ).
        """
        u, sigma, silu = self.take()
        dh = self.down.backward(dy)
        dg = 1 - sigma
        dg *= silu
        dg += sigma  # σ + silu(g) (1 - σ) = σ (1 + g (1 - σ))
        dg *= u
        dg *= dh
        dh *= silu  # du = dh silu(g)
        dx = self.gate.backward(dg)
        dx += self.up.backward(dh)  # dx = dg W₁ᵀ + du W₂ᵀ
        return dx


def sigmoid(x: Array) -> Array:
    """σ(x) = 1 / (1 + e⁻ˣ) = (1 + tanh(x/2)) / 2, a form that cannot overflow and is cheap."""
    y = x * 0.5
    np.tanh(y, out=y)
    y += 1
    y *= 0.5
    return y
