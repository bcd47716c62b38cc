"""What Llama has in the place of LayerNorm and of learned positions."""

import numpy as np


def rmsnorm(x, gamma):
    """y = γ x̂, x̂ = x / √(mean(x²) + ε) along each row: (N, C) -> (N, C)."""
    rrms = 1 / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-5)
    x_hat = x * rrms
    y = gamma * x_hat
    return y, x_hat, rrms


def rmsnorm_backward(dy, x_hat, rrms, gamma, dgamma):
    """Add to dgamma, return dx."""
    # Yours: dgamma (C,), to add to
    dgamma += (dy * x_hat).sum(axis=0)
    # Yours: dx (N, C), a new array
    dx_hat = dy * gamma
    along = (dx_hat * x_hat).mean(axis=-1, keepdims=True)
    dx = rrms * (dx_hat - x_hat * along)
    return dx


def rope(x, positions):
    """y: each pair of channels (c, c + D/2) of row t turned by positions[t] · 10000^(-2c/D)."""
    half = x.shape[-1] // 2
    angle = positions[:, None] * 10000.0 ** (-np.arange(half) / half)
    cos, sin = np.cos(angle), np.sin(angle)
    x_1, x_2 = x[:, :half], x[:, half:]
    # Yours: y_1, y_2, both (T, D/2)
    y_1 = x_1 * cos - x_2 * sin
    y_2 = x_1 * sin + x_2 * cos
    # Yours: y (T, D), both halves beside each other
    y = np.concatenate([y_1, y_2], axis=-1)
    return y, cos, sin


def rope_backward(dy, cos, sin):
    """Return dx."""
    half = dy.shape[-1] // 2
    dy_1, dy_2 = dy[:, :half], dy[:, half:]
    # Yours: dx_1, dx_2, both (T, D/2)
    dx_1 = dy_1 * cos + dy_2 * sin
    dx_2 = dy_2 * cos - dy_1 * sin
    # Yours: dx (T, D), both halves beside each other
    dx = np.concatenate([dx_1, dx_2], axis=-1)
    return dx
