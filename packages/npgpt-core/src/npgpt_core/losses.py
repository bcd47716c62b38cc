"""The loss: how surprised the model is by the token that came."""

import numpy as np

from npgpt_core.functional import log_softmax, rows
from npgpt_core.module import Module
from npgpt_core.types import Array, Ids


class CrossEntropy(Module):
    """loss = mean over all positions of -log softmax(logits)[target], in nats.

    logits (..., V), targets (...) -> float.
    """

    def forward(self, logits: Array, targets: Ids) -> float:
        """Mean of -log p(target)."""
        if logits.shape[:-1] != targets.shape:
            raise ValueError(f"logits {logits.shape} do not fit targets {targets.shape}")
        log_p = log_softmax(logits)
        self.keep(log_p, targets)
        return -float(at_targets(log_p, targets).mean(dtype=np.float64))

    def backward(self, dloss: float = 1.0) -> Array:
        """dlogits = dloss · (p - onehot(target)) / N, (..., V)."""
        log_p, targets = self.take()
        dlogits: Array = np.exp(log_p)
        rows(dlogits)[np.arange(targets.size), targets.reshape(-1)] -= 1
        dlogits *= dloss / targets.size
        return dlogits


def at_targets(log_p: Array, targets: Ids) -> Array:
    """log_p[..., target]: (..., V), (...) -> (...)."""
    return np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
