"""The elementwise non-linearities, and softmax as a layer."""

from npgpt_core import functional
from npgpt_core.module import Module
from npgpt_core.types import Array


class ReLU(Module):
    """y = max(x, 0), any shape."""

    def forward(self, x: Array) -> Array:
        """Negative numbers become 0."""
        y = functional.relu(x)
        self.keep(y)
        return y

    def backward(self, dy: Array) -> Array:
        """dx = dy where x > 0, else 0."""
        return functional.relu_backward(dy, self.take())


class GELU(Module):
    """y = x Φ(x) in the tanh form, any shape (Hendrycks & Gimpel 2016, arXiv:1606.08415)."""

    def forward(self, x: Array) -> Array:
        """A smooth ReLU: x times the probability that a standard normal lies below x."""
        y, t = functional.gelu(x)
        self.keep(x, t)
        return y

    def backward(self, dy: Array) -> Array:
        """dx = dy · [(1 + t)/2 + x/2 · dt/dx], where t = tanh(√(2/π)(x + 0.044715 x³))."""
        x, t = self.take()
        return functional.gelu_backward(dy, x, t)


class Softmax(Module):
    """y_i = exp(x_i) / Σ_j exp(x_j) over the last axis: (..., C) -> (..., C)."""

    def forward(self, x: Array) -> Array:
        """Any numbers become positive ones that sum to 1."""
        y = functional.softmax(x)
        self.keep(y)
        return y

    def backward(self, dy: Array) -> Array:
        """dx = y · (dy - Σ_j dy_j y_j)."""
        return functional.softmax_backward(dy, self.take())
