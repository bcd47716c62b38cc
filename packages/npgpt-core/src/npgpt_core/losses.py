"""The loss: how surprised the model is by the token that came."""

import numpy as np

from npgpt_core.errors import LayerError
from npgpt_core.functional import cross_entropy, cross_entropy_backward, rows
from npgpt_core.module import Module
from npgpt_core.types import Array, Ids
from npgpt_core.wrong_input import require_ids


class CrossEntropy(Module):
    """loss = mean over all positions of -log softmax(logits)[target], in nats.

    logits (..., V), targets (...) -> float.
    """

    def forward(self, logits: Array, targets: Ids) -> float:
        """Mean of -log p(target).

        Raises:
            LayerError: targets that do not have the shape of the logits but for V, or none at all.
            IdError: a target that is negative or at least V.
        """
        if targets.shape != logits.shape[:-1] or targets.size == 0:
            expected = "at least one" if targets.size == 0 else logits.shape[:-1]
            raise LayerError(self, f"targets are {targets.shape}, expected {expected}")
        require_ids(self, "targets", targets, logits.shape[-1])
        losses, e, sums = cross_entropy(rows(logits), targets.reshape(-1))
        self.keep(targets, e, sums)
        return float(losses.mean(dtype=np.float64))

    def backward(self, dloss: float = 1.0) -> Array:
        """dlogits = dloss · (p - onehot(target)) / N, (..., V)."""
        targets, e, sums = self.take()
        dlogits = cross_entropy_backward(dloss / targets.size, targets.reshape(-1), e, sums)
        return dlogits.reshape(*targets.shape, -1)
