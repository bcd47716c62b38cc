"""Dropout: noise in training against relying on any one channel."""

import numpy as np

from npgpt_core.errors import LayerError, short_repr
from npgpt_core.module import Module
from npgpt_core.numbers import is_real
from npgpt_core.types import Array
from npgpt_core.wrong_input import require_rng


class Dropout(Module):
    """y = x · m / (1 - p) in training, m = 1 with probability 1 - p; y = x otherwise.

    Srivastava et al. 2014 (JMLR 15).

    Args:
        p: share of the numbers that become 0, from 0 up to but not including 1.
        rng: draws the masks; ``Module.use_rng`` replaces it, and turns dropout off with None.
    """

    def __init__(self, p: float, *, rng: np.random.Generator) -> None:
        super().__init__()
        self.sizes(p=p)
        if not (is_real(p) and 0 <= p < 1):
            raise LayerError(self, f"p is {short_repr(p)}, expected 0 <= p < 1")
        self.p = p
        self.rng: np.random.Generator | None = require_rng(self, rng)

    def forward(self, x: Array) -> Array:
        """Zero a share p and scale the rest, so that the expected value stays."""
        if not self.training or self.p == 0 or self.rng is None:
            self.keep(None)
            return x
        draw = self.rng.random(x.shape, dtype=np.float32)
        mask = (draw >= self.p).astype(x.dtype)
        mask /= 1 - self.p
        self.keep(mask)
        return x * mask

    def backward(self, dy: Array) -> Array:
        """dx = dy · m / (1 - p)."""
        mask = self.take()
        return dy if mask is None else dy * mask
