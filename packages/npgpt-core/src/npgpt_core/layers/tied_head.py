"""A head that reads with the table the tokens were looked up in: one matrix in two places."""

from npgpt_core.functional import rows
from npgpt_core.layers.embedding import Embedding
from npgpt_core.module import Module
from npgpt_core.types import Array


class TiedHead(Module):
    """y = x Eᵀ over the last axis, E an embedding's table: (..., C) -> (..., V).

    E and its gradient are the embedding's own arrays, so both uses add to one gradient, and
    ``parameters()`` of a model names E once. Press & Wolf 2017 (arXiv:1608.05859).

    Args:
        embedding: whose table (V, C) to share.
    """

    weight: Array
    dweight: Array  # (V, C)

    def __init__(self, embedding: Embedding) -> None:
        super().__init__()
        n_ids, n_embd = embedding.weight.shape
        self.sizes(C=n_embd, V=n_ids)
        self.share("weight", embedding.weight, embedding.dweight)

    def forward(self, x: Array) -> Array:
        """y = x Eᵀ: how well x agrees with the vector of every id."""
        self.keep(x)
        y = rows(x) @ self.weight.T
        return y.reshape(*x.shape[:-1], y.shape[-1])

    def backward(self, dy: Array) -> Array:
        """dx = dy E, (..., V) -> (..., C); dE = dyᵀ x."""
        x = self.take()
        self.dweight += rows(dy).T @ rows(x)  # dE = dyᵀ x
        dx = rows(dy) @ self.weight  # dx = dy E
        return dx.reshape(*dy.shape[:-1], dx.shape[-1])
