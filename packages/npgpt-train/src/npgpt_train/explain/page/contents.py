"""What a page holds of a model: its modules and parameters, and where needed a recorded text."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from npgpt_core.functional import softmax
from npgpt_core.module import Module
from npgpt_core.types import Array
from npgpt_train.explain.backward import norm
from npgpt_train.explain.page.arrays import ArrayStore
from npgpt_train.explain.page.modules import class_name, describe, sources
from npgpt_train.explain.page.recording import Passage, Recording
from npgpt_train.explain.page.rendering import computable
from npgpt_train.explain.page.structure import structure

WEIGHTS = 1_500_000  # parameters that a page holds: 3 MB
NUMBERS = 2_000_000  # numbers that it holds of them: weights, and what float16 leaves
WITH_GRADIENTS = 40_000  # parameters with whose gradients, too, a page is below 400 kB
RECORDED = 3_500_000  # numbers that it holds of a recorded text
READ = 5  # tokens that are read in the stream after a block


def contents(model: Module, recording: Recording, store: ArrayStore) -> dict[str, Any]:
    """The modules with their mathematics and norms, and the arrays that the page needs."""
    weights = model.num_parameters() <= WEIGHTS
    unknown = {m for _, m in model.named_modules() if class_name(m) not in computable()}
    is_computable = weights and not unknown
    modules = describe(model, recording.passages)
    blocks = [name for name in recording.streams if name in recording.passages]
    return {
        "model": type(model).__name__,
        "modules": modules,
        **structure({m["name"]: m["above"] for m in modules}, recording.passages, blocks),
        "sources": sources(model),
        "weights": weights,
        "computable": is_computable,
        "unknown": sorted({type(m).__name__ for m in unknown}),
        "norms": {name: norm(grad) for name, grad in model.grads().items()},
        "blocks": blocks,
        "logits": store.add_pair(recording.logits[-1:]),
        **({"parameters": _parameters(model, store)} if weights else {}),
        **({} if is_computable else _recorded(model, recording, store)),
    }


def _parameters(model: Module, store: ArrayStore) -> dict[str, Any]:
    """Every parameter in float16, more digits as far as they fit, and of a small model gradients.

    The last parameters get more digits first: what float16 takes from the head is in the logits
    undiminished. They stay within 0.001 of NumPy's.
    """
    parameters, grads = model.parameters(), model.grads()
    size = model.num_parameters()
    room = NUMBERS - size
    precise = set()
    for name, array in reversed(parameters.items()):
        if array.size <= room:
            precise.add(name)
            room -= array.size
    return {
        name: {
            "value": store.add_pair(array) if name in precise else store.add(array),
            "gradient": store.add(grads[name].copy()) if size <= WITH_GRADIENTS else None,
        }
        for name, array in parameters.items()
    }


def _recorded(model: Module, recording: Recording, store: ArrayStore) -> dict[str, Any]:
    """What went through every module, and each reading of the stream's last position."""
    passages = recording.passages
    columns = _columns(passages.values())
    gradients = [p.dy for p in reversed(passages.values())]  # a module before its parts
    read = getattr(model, "logits", None)
    streams = recording.streams if read else {}
    model.eval()
    readings = [
        (name, _likeliest(np.asarray(read(x[:, -1:]))[0, -1]))  # type: ignore[misc]
        for name, x in streams.items()
    ]
    model.train()
    return {
        "passages": {
            name: {side: store.add(array, columns) for side, array in vars(passage).items()}
            for name, passage in passages.items()
        },
        "attention": {
            name: {"weights": store.add(a.weights), "dscores": store.add(a.dscores)}
            for name, a in recording.attention.items()
        },
        "readings": readings,
        "reach": store.add(np.array([_reach(dy) for dy in gradients if dy is not None])),
    }


def _likeliest(logits: Array) -> list[tuple[int, float]]:
    """The first ids (V,) by probability, and how likely they are."""
    p = softmax(logits.astype(np.float64))
    return [(int(i), float(p[i])) for i in np.argsort(-p, kind="stable")[:READ]]


def _reach(dy: Array) -> Array:
    """The norm of each token's part of a gradient (..., T, C), (T,)."""
    return np.linalg.norm(dy.reshape(-1, *dy.shape[-2:]), axis=(0, 2))


def _columns(passages: Iterable[Passage]) -> int:
    """How many columns of each array fit into ``RECORDED`` numbers together."""
    arrays = {id(a): a for p in passages for a in vars(p).values() if a is not None}
    sizes = [(a.size // a.shape[-1], a.shape[-1]) for a in arrays.values() if a.size]
    columns = max((width for _, width in sizes), default=1)
    while columns > 1 and sum(rows * min(width, columns) for rows, width in sizes) > RECORDED:
        columns = columns * 15 // 16
    return columns
