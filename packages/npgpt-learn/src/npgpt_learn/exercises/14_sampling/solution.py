"""From logits to the next token: temperature, top-k, top-p, and a draw."""

import numpy as np


def probabilities(logits, temperature):
    """p = softmax(logits / temperature), for logits of any size: (V,) -> (V,)."""
    # Yours: p (V,)
    z = (logits - logits.max()) / temperature
    e = np.exp(z)
    p = e / e.sum()
    return p


def top_k(p, k):
    """The k likeliest tokens keep their share, all others get 0; the sum is 1: (V,) -> (V,)."""
    # Yours: kept (V,)
    likeliest = np.argsort(-p)[:k]
    kept = np.zeros(p.shape)
    kept[likeliest] = p[likeliest]
    kept /= kept.sum()
    return kept


def top_p(p, mass):
    """The same for the fewest tokens that have the probability mass together: (V,) -> (V,)."""
    # Yours: kept (V,)
    order = np.argsort(-p)
    before = np.cumsum(p[order]) - p[order]
    likeliest = order[before < mass]
    kept = np.zeros(p.shape)
    kept[likeliest] = p[likeliest]
    kept /= kept.sum()
    return kept


def draw(p, u):
    """The id at the place u of the unit interval, in which every token has its share of p."""
    # Yours: token, a whole number
    token = int(np.searchsorted(np.cumsum(p), u, side="right"))
    return token
