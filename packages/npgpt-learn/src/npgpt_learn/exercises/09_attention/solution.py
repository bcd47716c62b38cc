"""Causal attention with one head, and its gradients."""

import math

import numpy as np


def attention(q, k, v):
    """y = softmax(q kᵀ / √D + M) v, M hides later keys: (T, D), (T, D), (T, E) -> (T, E)."""
    scores = q @ k.T / math.sqrt(q.shape[-1])
    later = np.triu(np.ones(scores.shape, dtype=bool), k=1)
    e = np.exp(np.where(later, -np.inf, scores))
    a = e / e.sum(axis=-1, keepdims=True)
    y = a @ v
    return y, a


def attention_backward(dy, q, k, v, a):
    """Return dq, dk and dv; a (T, T) is the softmax."""
    scale = 1 / math.sqrt(q.shape[-1])
    # Yours: dv (T, E)
    dv = a.T @ dy
    # Yours: dq, dk, both (T, D)
    da = dy @ v.T
    ds = a * (da - (da * a).sum(axis=-1, keepdims=True))
    dq = ds @ k * scale
    dk = ds.T @ q * scale
    return dq, dk, dv
