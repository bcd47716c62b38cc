"""Who attends to whom: the softmax of every attention head, and what it is in the habit of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.layers.attention import MultiHeadAttention, query_blocks
from npgpt_core.module import Module
from npgpt_core.observation import observing
from npgpt_core.protocols import Tokenizer
from npgpt_core.types import Array, Ids
from npgpt_train.explain.tokens import Token, tokens, window


@dataclass(frozen=True)
class Head:
    """One head: row t of ``weights`` (T, T) says how much token t looks at which, and sums to 1.

    ``itself``, ``previous`` and ``first`` are the mean shares that tokens give to themselves, to
    the token before and to the first one; ``distance`` is how many tokens back they look in the
    mean. The first token, which can but look at itself, is left out of these.
    """

    layer: int
    head: int
    module: str
    weights: Array
    itself: float | None
    previous: float | None
    first: float | None
    distance: float | None


@dataclass(frozen=True)
class Attention:
    """The heads of a model on one text, the first layer first."""

    tokens: list[Token]
    left_out: int
    heads: list[Head]


@np.errstate(all="ignore")  # numbers that are not finite are worth looking at
def explain_attention(
    model: Any,
    tokenizer: Tokenizer,
    text: str,
    layer: int | None = None,
    head: int | None = None,
) -> Attention:
    """Look at the attention of a model made of ``MultiHeadAttention``.

    Args:
        model: see ``protocols.Model``.
        tokenizer: of the model.
        text: of at least one token; the last ``block_size`` are seen.
        layer: only this one, from 0.
        head: only this one of each layer, from 0.

    Raises:
        NpgptError: an empty text, no such attention in the model, or no such layer or head.
    """
    seen = window(tokenizer, text, model.config.block_size)
    heads = [
        _head(i, j, name, weights)
        for i, (name, layer_weights) in enumerate(_softmax(model, seen.ids[None]).items())
        for j, weights in enumerate(layer_weights)
    ]
    for what, wanted in (("layer", layer), ("head", head)):
        there = {getattr(h, what) for h in heads}
        if wanted is not None and wanted not in there:
            raise NpgptError(f"there is no {what} {wanted}: they go from 0 to {max(there)}")
    chosen = [h for h in heads if layer in (None, h.layer) and head in (None, h.head)]
    return Attention(tokens(tokenizer, seen.ids), seen.left_out, chosen)


def _softmax(model: Any, ids: Ids) -> dict[str, Array]:
    """Layer -> softmax(q kᵀ / √D + M), (H, T, T), for ids (1, T)."""
    model = model.replica().eval()
    layers = [m for _, m in model.named_modules() if isinstance(m, MultiHeadAttention)]
    if not layers:
        raise NpgptError(f"{type(model).__name__} has no MultiHeadAttention to look at")
    for layer in layers:
        layer.training = True  # it keeps the softmax for a backward, and there will be none
    found: dict[str, Array] = {}

    def look(name: str, module: Module, inputs: tuple[Any, ...], output: Any) -> None:
        if isinstance(module, MultiHeadAttention):
            *_, blocks = module.take()
            found[name] = _whole(blocks)

    with observing(model, forward=look):
        model(ids)
    return found


def _whole(blocks: list[Array]) -> Array:
    """The softmax (H, T, T) of blocks of queries (1, H, t, s), zero where no query sees a key."""
    _, n_head, _, n = blocks[-1].shape
    weights = np.zeros((n_head, n, n), blocks[-1].dtype)
    for (queries, keys), a in zip(query_blocks(n, n), blocks, strict=True):
        weights[:, queries, keys] = a[0]
    return weights


def _head(layer: int, head: int, module: str, weights: Array) -> Head:
    t = np.arange(len(weights))
    habits = {
        "itself": np.diagonal(weights),
        "previous": np.append(0, np.diagonal(weights, -1)),
        "first": weights[:, 0],
        "distance": (weights * (t[:, None] - t)).sum(axis=1),
    }
    means = {name: float(rows[1:].mean()) if len(t) > 1 else None for name, rows in habits.items()}
    return Head(layer, head, module, weights, **means)
