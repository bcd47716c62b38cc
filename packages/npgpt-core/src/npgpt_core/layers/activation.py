"""The elementwise non-linearities, and softmax as a layer."""

import math

import numpy as np

from npgpt_core.functional import softmax, softmax_backward
from npgpt_core.module import Module
from npgpt_core.types import Array

GELU_CUBIC = 0.044715
GELU_SCALE = math.sqrt(2 / math.pi)


class ReLU(Module):
    """y = max(x, 0), any shape."""

    def forward(self, x: Array) -> Array:
        """Negative numbers become 0."""
        y = np.maximum(x, 0)
        self.keep(y)
        return y

    def backward(self, dy: Array) -> Array:
        """dx = dy where x > 0, else 0."""
        y = self.take()
        dx = (y > 0).astype(dy.dtype)  # converted at once: faster than inside dy * mask
        dx *= dy
        return dx


class GELU(Module):
    """y = x Φ(x) in the tanh form, any shape (Hendrycks & Gimpel 2016, arXiv:1606.08415).

    y = x/2 · (1 + t), t = tanh(√(2/π)(x + 0.044715 x³)), as in GPT-2.
    """

    def forward(self, x: Array) -> Array:
        """A smooth ReLU: x times the probability that a standard normal lies below x."""
        t = x * x
        t *= GELU_CUBIC
        t += 1
        t *= x
        t *= GELU_SCALE
        np.tanh(t, out=t)
        self.keep(x, t)
        y = t + 1
        y *= x
        y *= 0.5
        return y

    def backward(self, dy: Array) -> Array:
        """dx = dy · [(1 + t)/2 + x/2 · dt/dx], where t = tanh(√(2/π)(x + 0.044715 x³)).

        dt/dx = (1 - t²) · √(2/π)(1 + 3 · 0.044715 x²).
        """
        x, t = self.take()
        dx = 1 + 3 * GELU_CUBIC * x * x
        dx *= 0.5 * GELU_SCALE * x
        dx *= 1 - t * t
        dx += 0.5 * (1 + t)
        dx *= dy
        return dx


class Softmax(Module):
    """y_i = exp(x_i) / Σ_j exp(x_j) over the last axis: (..., C) -> (..., C)."""

    def forward(self, x: Array) -> Array:
        """Any numbers become positive ones that sum to 1."""
        y = softmax(x)
        self.keep(y)
        return y

    def backward(self, dy: Array) -> Array:
        """dx = y · (dy - Σ_j dy_j y_j)."""
        return softmax_backward(dy, self.take())
