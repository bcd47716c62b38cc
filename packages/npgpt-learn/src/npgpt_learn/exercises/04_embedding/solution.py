"""y = W[ids], and the gradient of the table."""

import numpy as np


def embedding(ids, W):
    """y = W[ids]: the row of the table for each id, (N,) -> (N, C)."""
    y = W[ids]
    return y


def embedding_backward(dy, ids, dW):
    """Add to dW; ids are no numbers that can be nudged, and have no gradient."""
    # Yours: dW (V, C), to add to
    for n in range(len(ids)):
        dW[ids[n]] += dy[n]
