"""GELU, by its usual approximation with tanh, and its gradient."""

import math

import numpy as np

SCALE = math.sqrt(2 / math.pi)
CUBIC = 0.044715


def gelu(x):
    """y = x · (1 + t) / 2, where t = tanh(SCALE · (x + CUBIC · x³)); any shape."""
    t = np.tanh(SCALE * (x + CUBIC * x**3))
    y = x * (1 + t) / 2
    return y, t


def gelu_backward(dy, x, t):
    """Return dx."""
    # Yours: dx, of the shape of x
    du = SCALE * (1 + 3 * CUBIC * x**2)
    dt = (1 - t**2) * du
    dx = dy * ((1 + t) / 2 + x * dt / 2)
    return dx
