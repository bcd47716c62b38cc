"""Layer normalization, and its gradients."""

import numpy as np


def layernorm(x, gamma, beta):
    """y = γ x̂ + β, x̂ = (x - mean) / √(var + ε) along each row: (N, C) -> (N, C)."""
    u = x - x.mean(axis=-1, keepdims=True)
    rstd = 1 / np.sqrt((u**2).mean(axis=-1, keepdims=True) + 1e-5)
    x_hat = u * rstd
    y = gamma * x_hat + beta
    return y, x_hat, rstd


def layernorm_backward(dy, x_hat, rstd, gamma, dgamma, dbeta):
    """Add to dgamma and dbeta, return dx."""
    # Yours: dgamma (C,), to add to
    dgamma += (dy * x_hat).sum(axis=0)
    # Yours: dbeta (C,), to add to
    dbeta += dy.sum(axis=0)
    # Yours: dx (N, C), a new array
    dx_hat = dy * gamma
    mean = dx_hat.mean(axis=-1, keepdims=True)
    along = (dx_hat * x_hat).mean(axis=-1, keepdims=True)
    dx = rstd * (dx_hat - mean - x_hat * along)
    return dx
