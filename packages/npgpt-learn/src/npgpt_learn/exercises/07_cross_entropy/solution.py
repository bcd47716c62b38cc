"""The loss: how surprised the model is by the token that came, and its gradient."""

import numpy as np


def cross_entropy(logits, targets):
    """The mean of -log p[target] over the rows, p the softmax of the logits: (N, V), (N,)."""
    n = np.arange(len(targets))
    # Yours: log_p (N, V), the logarithm of the softmax, for logits of any size
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    # Yours: loss, a number
    loss = -log_p[n, targets].mean()

    p = np.exp(log_p)
    return loss, p


def cross_entropy_backward(p, targets):
    """Return the gradient of the logits; there is no dy, because the loss itself is the end."""
    n = np.arange(len(targets))
    # Yours: dlogits (N, V), a new array
    dlogits = p.copy()
    dlogits[n, targets] -= 1
    dlogits /= len(targets)
    return dlogits
