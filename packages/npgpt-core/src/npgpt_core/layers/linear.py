"""The affine map: most of a GPT's parameters and nearly all of its arithmetic."""

import numpy as np
import numpy.typing as npt

from npgpt_core.functional import rows
from npgpt_core.module import Module
from npgpt_core.types import Array
from npgpt_core.wrong_input import require_rng


class Linear(Module):
    """y = x W + b over the last axis: (..., I) -> (..., O).

    Args:
        n_in: I.
        n_out: O.
        rng: draws W from N(0, std²); b starts at 0.
        std: spread of the initial weights.
        bias: whether there is a b; without it, y = x W.
        dtype: of the parameters.
    """

    weight: Array
    dweight: Array  # (I, O)
    bias: Array
    dbias: Array  # (O,)

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        rng: np.random.Generator,
        std: float = 0.02,
        bias: bool = True,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        self.sizes(I=n_in, O=n_out)
        self.parameter("weight", require_rng(self, rng).normal(0, std, (n_in, n_out)), dtype)
        self.has_bias = bias
        if bias:
            self.parameter("bias", np.zeros(n_out), dtype)

    def forward(self, x: Array) -> Array:
        """y = x W + b."""
        self.keep(x)
        y = rows(x) @ self.weight  # as one matrix product
        if self.has_bias:
            y += self.bias
        return y.reshape(*x.shape[:-1], y.shape[-1])

    def backward(self, dy: Array) -> Array:
        """dx = dy Wᵀ, (..., O) -> (..., I); dW = xᵀ dy; db = Σ dy."""
        x = self.take()
        self.dweight += rows(x).T @ rows(dy)  # dW = xᵀ dy
        if self.has_bias:
            self.dbias += rows(dy).sum(axis=0)  # db = Σ dy
        dx = rows(dy) @ self.weight.T  # dx = dy Wᵀ
        return dx.reshape(*dy.shape[:-1], dx.shape[-1])
