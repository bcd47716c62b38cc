"""Who attends to whom: the softmax of every attention head, and its habits."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.module import Module
from npgpt_core.protocols import Tokenizer, config_of
from npgpt_core.tracing import tracing
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
    model: Module,
    tokenizer: Tokenizer,
    text: str,
    layer: int | None = None,
    head: int | None = None,
) -> Attention:
    """Look at the attention of a model whose layers offer ``attention_weights(x)``.

    Of a text of at least one token, the last ``block_size`` are seen. ``layer`` alone is looked at,
    and ``head`` of each layer, both from 0; all unless given.

    Raises:
        NpgptError: an empty text, no such attention in the model, one of another shape, or no such
            layer or head.
    """
    seen = window(tokenizer, text, config_of(model).block_size)
    heads = [
        _head(i, j, name, weights)
        for i, (name, layer_weights) in enumerate(_weights(model, seen.ids[None]))
        for j, weights in enumerate(layer_weights)
    ]
    for what, wanted in (("layer", layer), ("head", head)):
        there = {getattr(h, what) for h in heads}
        if wanted is not None and wanted not in there:
            raise NpgptError(f"there is no {what} {wanted}: they go from 0 to {max(there)}")
        heads = [h for h in heads if wanted in (None, getattr(h, what))]
    return Attention(tokens(tokenizer, seen.ids), seen.left_out, heads)


def _weights(model: Module, ids: Ids) -> list[tuple[str, Array]]:
    """Name and softmax (H, T, T) of every attention layer, in the order of the forward pass.

    ids are (1, T).
    """
    model = model.replica().eval()
    offered = {n: m for n, m in model.named_modules() if hasattr(m, "attention_weights")}
    inputs: list[tuple[str, Array]] = []

    def look(name: str, module: Module, given: tuple[Any, ...], output: Any) -> None:
        if name in offered:
            inputs.append((name, given[0]))

    if offered:
        with tracing(model, forward=look):
            model(ids)
    if not inputs:
        raise NpgptError(
            f"{type(model).__name__} has no attention to look at: no layer of it offers"
            " attention_weights(x)"
        )
    return [
        (name, _shares(name, offered[name].attention_weights(x), ids.size)) for name, x in inputs
    ]


def _shares(name: str, weights: Any, t: int) -> Array:
    """The weights (1, H, T, T) of a layer, without the first axis."""
    shape = np.shape(weights)
    if len(shape) != 4 or (shape[0], *shape[2:]) != (1, t, t):
        raise NpgptError(
            f"attention_weights(x) of {name or 'the model'} gave {shape},"
            f" expected (1, H, {t}, {t}): how much each token looks at which, in each head"
        )
    return np.asarray(weights[0])


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
