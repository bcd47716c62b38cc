"""One text through a model and back: what every module got and gave, and the gradients of both."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from npgpt_core.functional import softmax_backward
from npgpt_core.losses import CrossEntropy
from npgpt_core.module import Module
from npgpt_core.tracing import tracing
from npgpt_core.types import Array, Ids


@dataclass
class Passage:
    """What a module got and gave, x and y, and their gradients; None of what is no such array.

    The axis of the batch, of which there is one row, is left out.
    """

    x: Array | None = None
    y: Array | None = None
    dx: Array | None = None
    dy: Array | None = None


@dataclass(frozen=True)
class Attention:
    """The softmax of a layer's heads and the gradient of the scores in it, each (H, T, T)."""

    weights: Array
    dscores: Array | None


@dataclass(frozen=True)
class Recording:
    """A forward and a backward pass.

    ``passages`` are in the order of the forward pass, a module after its parts. ``streams`` is the
    residual stream that each block got, and what the last gave; empty of a model that offers no
    ``blocks``. ``loss`` is None, and there are no gradients, of a text of one token.
    """

    passages: dict[str, Passage]
    attention: dict[str, Attention]
    streams: dict[str, Array]
    logits: Array
    loss: float | None


EMBEDDINGS = "embeddings"


@np.errstate(all="ignore")  # numbers that are not finite are worth looking at
def record(model: Module, ids: Ids, target: int | None) -> Recording:
    """Trace the ids (T,) through a model in training mode, and the gradient of a loss back.

    The gradients of the parameters are added to those of the model.

    Args:
        model: anything that is a model; its noise should be off.
        ids: (T,).
        target: the place, from 1, of the token whose loss goes back; None for the mean over all
            tokens but the first.
    """
    passages: dict[str, Passage] = {}
    inputs: dict[str, Array] = {}
    blocks = list(getattr(model, "blocks", ()))
    streams: dict[str, Array] = {}
    seen = _Seen()

    def forward(name: str, module: Module, given: tuple[Any, ...], output: Any) -> None:
        passages[name] = Passage(x=seen(given[0]), y=seen(output))
        inputs[name] = given[0]
        if any(module is block for block in blocks):
            streams.setdefault(EMBEDDINGS, given[0])
            streams[name] = output

    def backward(name: str, module: Module, given: tuple[Any, ...], output: Any) -> None:
        passages[name].dy, passages[name].dx = seen(given[0]), seen(output)

    with tracing(model, forward=forward, backward=backward):
        logits = model(ids[None])
        loss = _back(model, logits, ids, target) if len(ids) > 1 else None
    attention = {
        name: _attention(name, module, inputs[name], passages)
        for name, module in model.named_modules()
        if hasattr(module, "attention_weights") and name in inputs
    }
    return Recording(passages, attention, streams, logits[0], loss)


def _back(model: Module, logits: Array, ids: Ids, target: int | None) -> float:
    """The loss, whose gradient goes back through the model."""
    criterion = CrossEntropy()
    places = slice(1, None) if target is None else slice(target, target + 1)
    rows = slice(0, len(ids) - 1) if target is None else slice(target - 1, target)
    loss = criterion(logits[:, rows], ids[None, places])
    dlogits = np.zeros_like(logits)
    dlogits[:, rows] = criterion.backward()
    model.backward(dlogits)
    return loss


class _Seen:
    """Floating-point arrays as they were when they were seen, without the axis of the batch.

    A layer may write into what its own parts gave, so each is copied. An array that is the same as
    before gives the same copy: the page has it once, and knows where it goes.
    """

    def __init__(self) -> None:
        self._rows: dict[int, tuple[Array, Array]] = {}

    def __call__(self, array: Any) -> Array | None:
        """The array; None of anything else."""
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
            return None
        row = array[0] if array.ndim > 2 else array
        _, copy = self._rows.get(id(array), (None, None))
        if copy is None or not np.array_equal(copy, row, equal_nan=True):
            copy = row.copy()
            self._rows[id(array)] = array, copy  # with the array, whose id is not used again so
        return copy


def _attention(name: str, module: Module, x: Array, passages: dict[str, Passage]) -> Attention:
    """What a layer's heads look at, and of a layer built as ours are, the gradient of its scores.

    ds = a · (da - Σ da a), da = dy vᵀ, where the last columns of the fused product ``qkv`` are the
    heads of v, and ``proj`` hands dy back, the heads side by side.
    """
    module.eval()
    weights: Array = np.asarray(module.attention_weights(x))[0]  # type: ignore[attr-defined]
    module.train()
    qkv, proj = passages.get(f"{name}.qkv"), passages.get(f"{name}.proj")
    if qkv is None or proj is None or qkv.y is None or proj.dx is None:
        return Attention(weights, None)
    (h, t, _), kv_heads = weights.shape, getattr(module, "n_kv_head", len(weights))
    dy = proj.dx.reshape(t, h, -1).swapaxes(0, 1)  # (H, T, D)
    v = qkv.y[:, -kv_heads * dy.shape[-1] :].reshape(t, kv_heads, -1).swapaxes(0, 1)
    da = dy @ np.repeat(v, h // kv_heads, axis=0).swapaxes(-1, -2)
    return Attention(weights, softmax_backward(da, weights))
