"""The loss: how surprised the model is by the token that came."""

from collections.abc import Iterator

import numpy as np

from npgpt_core.errors import LayerError
from npgpt_core.functional import row_sum, rows
from npgpt_core.module import Module
from npgpt_core.types import Array, Ids
from npgpt_core.wrong_input import require_ids

BLOCK = 1 << 17  # numbers: half a megabyte in float32, what a core's cache holds with room


class CrossEntropy(Module):
    """loss = mean over all positions of -log softmax(logits)[target], in nats.

    logits (..., V), targets (...) -> float.
    """

    def forward(self, logits: Array, targets: Ids) -> float:
        """Mean of -log p(target); rows go through in blocks that fit the cache.

        Raises:
            LayerError: targets that do not have the shape of the logits but for V, or none at all.
            IdError: a target that is negative or at least V.
        """
        if targets.shape != logits.shape[:-1] or targets.size == 0:
            expected = "at least one" if targets.size == 0 else logits.shape[:-1]
            raise LayerError(self, f"targets are {targets.shape}, expected {expected}")
        require_ids(self, "targets", targets, logits.shape[-1])
        x, ids = rows(logits), targets.reshape(-1)  # (N, V), (N,)
        e, sums = np.empty(x.shape, x.dtype), np.empty((len(x), 1), x.dtype)
        losses = np.empty(len(x), x.dtype)
        for block in row_blocks(*x.shape):
            z, t, exp = x[block], ids[block], e[block]
            np.subtract(z, z.max(axis=-1, keepdims=True), out=exp)
            z_target = exp[np.arange(len(t)), t]
            np.exp(exp, out=exp)
            sums[block] = row_sum(exp)
            losses[block] = np.log(sums[block, 0]) - z_target  # log Σ e - (z_target - max)
        self.keep(targets, e, sums)
        return float(losses.mean(dtype=np.float64))

    def backward(self, dloss: float = 1.0) -> Array:
        """dlogits = dloss · (p - onehot(target)) / N, (..., V).

        p is e / Σ e, where e = exp(logits - max); dlogits is written over e.
        """
        targets, e, sums = self.take()
        dloss, ids = dloss / targets.size, targets.reshape(-1)
        for block in row_blocks(*e.shape):
            dlogits, t = e[block], ids[block]
            dlogits *= dloss / sums[block]
            dlogits[np.arange(len(t)), t] -= dloss
        return e.reshape(*targets.shape, -1)


def row_blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Slices of rows that hold about BLOCK numbers each."""
    size = max(1, BLOCK // n_columns)
    return (slice(start, start + size) for start in range(0, n_rows, size))
