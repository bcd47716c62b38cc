"""Layer normalization: every row to mean 0 and variance 1, then scaled and shifted."""

import numpy as np
import numpy.typing as npt

from npgpt_core.functional import row_dot, row_sum, rows
from npgpt_core.module import Module
from npgpt_core.types import Array
from npgpt_core.wrong_input import require_eps, require_width


class LayerNorm(Module):
    """y = γ · x̂ + β, x̂ = (x - mean) / √(var + ε), over the last axis: (..., C) -> (..., C).

    Ba, Kiros & Hinton 2016 (arXiv:1607.06450).

    Args:
        n_embd: C.
        eps: ε of at least 0, keeps a constant row finite.
        dtype: of the parameters.
    """

    gamma: Array
    dgamma: Array  # (C,)
    beta: Array
    dbeta: Array  # (C,)

    def __init__(
        self, n_embd: int, *, eps: float = 1e-5, dtype: npt.DTypeLike = np.float32
    ) -> None:
        super().__init__()
        self.sizes(C=n_embd)
        self.eps = require_eps(self, eps)
        self.parameter("gamma", np.ones(n_embd), dtype)
        self.parameter("beta", np.zeros(n_embd), dtype)

    def forward(self, x: Array) -> Array:
        """y = γ x̂ + β."""
        c = require_width(self, x, len(self.gamma))
        x_hat = x - row_sum(x) / c
        rstd = 1 / np.sqrt(row_dot(x_hat, x_hat) / c + self.eps)
        x_hat *= rstd
        self.keep(x_hat, rstd)
        y = x_hat * self.gamma
        y += self.beta
        return y

    def backward(self, dy: Array) -> Array:
        """dx = (dx̂ - mean(dx̂) - x̂ mean(dx̂ x̂)) / σ, dx̂ = dy γ; dγ = Σ dy x̂; dβ = Σ dy.

        The mean and the variance depend on x too: two terms of dx̂ are taken away again.
        """
        x_hat, rstd = self.take()
        self.dgamma += np.einsum("nc,nc->c", rows(dy), rows(x_hat))  # dγ = Σ dy x̂
        self.dbeta += rows(dy).sum(axis=0)  # dβ = Σ dy
        dx = dy * self.gamma  # dx̂ = dy γ
        c = dx.shape[-1]
        along = row_dot(dx, x_hat) / c
        dx -= row_sum(dx) / c
        dx -= x_hat * along
        dx *= rstd  # dx = (dx̂ - mean(dx̂) - x̂ mean(dx̂ x̂)) / σ
        return dx
