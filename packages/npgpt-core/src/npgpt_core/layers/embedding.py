"""The lookup table that turns ids into vectors."""

import numpy as np
import numpy.typing as npt

from npgpt_core.functional import rows
from npgpt_core.module import Module
from npgpt_core.types import Array, Ids
from npgpt_core.wrong_input import require_ids, require_rng


class Embedding(Module):
    """y = W[ids]: integers (...) -> vectors (..., C).

    Args:
        n_ids: V, how many ids there are.
        n_embd: C.
        rng: draws W from N(0, std²).
        std: spread of the initial weights.
        dtype: of the table.
    """

    weight: Array
    dweight: Array  # (V, C)

    def __init__(
        self,
        n_ids: int,
        n_embd: int,
        *,
        rng: np.random.Generator,
        std: float = 0.02,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        self.sizes(V=n_ids, C=n_embd)
        self.parameter("weight", require_rng(self, rng).normal(0, std, (n_ids, n_embd)), dtype)

    def forward(self, ids: Ids) -> Array:
        """Row ids[n] of the table for every n.

        Raises:
            IdError: an id that is negative or at least V.
        """
        require_ids(self, "ids", ids, len(self.weight))
        self.keep(ids)
        return self.weight[ids]

    def backward(self, dy: Array) -> None:
        """Ids have no gradient; dW[ids[n]] += dy[n] for every n.

        Row v of dW collects dy from every place where v was looked up.
        """
        ids = self.take()
        for i, row in zip(ids.reshape(-1).tolist(), rows(dy), strict=True):
            dw = self.dweight[i]  # a view
            dw += row  # dW[ids[n]] += dy[n]
