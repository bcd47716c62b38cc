"""Softmax, and its gradient without the table of all slopes."""

import numpy as np


def softmax(x):
    """y = exp(x) / Σ exp(x) along each row: (N, C) -> (N, C)."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    y = e / e.sum(axis=-1, keepdims=True)
    return y


def softmax_backward(dy, y):
    """Return dx."""
    # Yours: dx (N, C), with products and sums along rows only
    along = (dy * y).sum(axis=-1, keepdims=True)
    dx = y * (dy - along)
    return dx
