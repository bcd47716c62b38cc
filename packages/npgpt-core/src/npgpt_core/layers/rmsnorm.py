"""Root mean square normalization: every row to mean square 1, then scaled."""

import numpy as np
import numpy.typing as npt

from npgpt_core.functional import row_dot, rows
from npgpt_core.module import Module
from npgpt_core.types import Array
from npgpt_core.wrong_input import require_eps, require_width


class RMSNorm(Module):
    """y = γ · x̂, x̂ = x / √(mean(x²) + ε), over the last axis: (..., C) -> (..., C).

    LayerNorm without the mean and without β. Zhang & Sennrich 2019 (arXiv:1910.07467).

    Args:
        n_embd: C.
        eps: ε of at least 0, keeps a row of zeros finite.
        dtype: of the parameter.
    """

    gamma: Array
    dgamma: Array  # (C,)

    def __init__(
        self, n_embd: int, *, eps: float = 1e-5, dtype: npt.DTypeLike = np.float32
    ) -> None:
        super().__init__()
        self.sizes(C=n_embd)
        self.eps = require_eps(self, eps)
        self.parameter("gamma", np.ones(n_embd), dtype)

    def forward(self, x: Array) -> Array:
        """y = γ x̂."""
        c = require_width(self, x, len(self.gamma))
        rrms = 1 / np.sqrt(row_dot(x, x) / c + self.eps)
        x_hat = x * rrms
        self.keep(x_hat, rrms)
        return x_hat * self.gamma

    def backward(self, dy: Array) -> Array:
        """dx = (dx̂ - x̂ mean(dx̂ x̂)) / rms, dx̂ = dy γ; dγ = Σ dy x̂.

        rms = √(mean(x²) + ε) depends on x too: a term of dx̂ is taken away again.
        """
        x_hat, rrms = self.take()
        self.dgamma += np.einsum("nc,nc->c", rows(dy), rows(x_hat))  # dγ = Σ dy x̂
        dx = dy * self.gamma  # dx̂ = dy γ
        dx -= x_hat * (row_dot(dx, x_hat) / dx.shape[-1])
        dx *= rrms  # dx = (dx̂ - x̂ mean(dx̂ x̂)) / rms
        return dx
