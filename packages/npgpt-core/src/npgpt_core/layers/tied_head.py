"""A head that reads with the table the tokens were looked up in: one matrix in two places."""

import numpy as np

from npgpt_core.errors import LayerError, short_repr
from npgpt_core.functional import rows
from npgpt_core.layers.embedding import Embedding
from npgpt_core.module import Module
from npgpt_core.types import Array


class TiedHead(Module):
    """y = x Eᵀ + b over the last axis, E an embedding's table: (..., C) -> (..., V).

    E and its gradient are the embedding's own arrays, so both uses add to one gradient, and
    ``parameters()`` of a model names E once. Press & Wolf 2017 (arXiv:1608.05859).

    Args:
        embedding: whose table (V, C) to share, and its dtype.
        bias: whether there is a b, which starts at 0; without it, y = x Eᵀ.
    """

    weight: Array
    dweight: Array  # (V, C)
    bias: Array
    dbias: Array  # (V,)

    def __init__(self, embedding: Embedding, *, bias: bool = False) -> None:
        super().__init__()
        if not isinstance(embedding, Embedding):
            raise LayerError(
                self, f"embedding is {short_repr(embedding)}, expected an Embedding, to share E"
            )
        n_ids, n_embd = embedding.weight.shape
        self.sizes(C=n_embd, V=n_ids)
        self.share("weight", embedding.weight, embedding.dweight)
        self.has_bias = bias
        if bias:
            self.parameter("bias", np.zeros(n_ids), embedding.weight.dtype)

    def forward(self, x: Array) -> Array:
        """y = x Eᵀ + b: how well x agrees with the vector of every id."""
        self.keep(x)
        y = rows(x) @ self.weight.T
        if self.has_bias:
            y += self.bias
        return y.reshape(*x.shape[:-1], y.shape[-1])

    def backward(self, dy: Array) -> Array:
        """dx = dy E, (..., V) -> (..., C); dE = dyᵀ x; db = Σ dy."""
        x = self.take()
        self.dweight += rows(dy).T @ rows(x)  # dE = dyᵀ x
        if self.has_bias:
            self.dbias += rows(dy).sum(axis=0)  # db = Σ dy
        dx = rows(dy) @ self.weight  # dx = dy E
        return dx.reshape(*dy.shape[:-1], dx.shape[-1])
