"""Contract checks of models: generation, and what a model may offer, see ``protocols.Model``."""

from typing import Any

import numpy as np

from npgpt_core.generation import generate
from npgpt_core.module import Module
from npgpt_core.testing.checklist import CheckList, require
from npgpt_core.testing.small import LONG, B, T, V, random_ids, randomized_model
from npgpt_core.tracing import tracing

model_offers = CheckList("model")

CLOSE = 1e-9  # in float64


def _passes(model: Module) -> list[tuple[str, Module, tuple[Any, ...], Any]]:
    """Name, module, inputs and output of every module in a forward pass; the model comes last."""
    passes: list[tuple[str, Module, tuple[Any, ...], Any]] = []
    with tracing(model, forward=lambda *seen: passes.append(seen)):
        model(random_ids())
    return passes


@model_offers
def blocks_carry_the_stream(factory: Any) -> None:
    """Where ``blocks`` and ``logits(x)`` are offered, the last block, read, gives the logits."""
    model = randomized_model(factory, training=False)
    if not (hasattr(model, "blocks") and hasattr(model, "logits")):
        return
    passes = _passes(model)
    streams = [(x[0], y) for _, m, x, y in passes if any(m is block for block in model.blocks)]
    require(streams, "no module in blocks was called: forward must go through them")
    for x, y in streams:
        require(
            np.shape(x) == np.shape(y) and np.shape(x)[:-1] == (B, T),
            f"a block took {np.shape(x)} and gave {np.shape(y)}, expected the stream ({B}, {T}, C)"
            " as its first input, and as its output",
        )
    off = abs(model.logits(streams[-1][1]) - passes[-1][-1]).max()
    require(
        off < CLOSE,
        f"logits(x) of what the last block gave differs by {off:.2g} from the model's logits: call"
        " it at the end of forward",
    )


@model_offers
def attention_weights_are_shares(factory: Any) -> None:
    """Where a layer offers ``attention_weights(x)``: (B, H, T, T), rows of sum 1, none ahead."""
    for name, module, inputs, _ in _passes(randomized_model(factory, training=False)):
        if not hasattr(module, "attention_weights"):
            continue
        weights = module.attention_weights(inputs[0])
        shape = np.shape(weights)
        require(
            len(shape) == 4 and (shape[0], *shape[2:]) == (B, T, T),
            f"attention_weights of {name!r} gave {shape}, expected ({B}, H, {T}, {T}): how much"
            " each token looks at which, in each head",
        )
        require(
            abs(weights.sum(axis=-1) - 1).max() < CLOSE and weights.min() >= 0,
            f"rows of attention_weights of {name!r} are no shares: give what softmax gave",
        )
        require(
            not np.triu(weights, 1).any(),
            f"attention_weights of {name!r} look at later tokens: give 0 there, as the mask does",
        )


@model_offers
def cache_equals_recomputation(factory: Any) -> None:
    """Where ``new_cache(batch)`` is offered, ids in parts end in the same logits, (B, 1, V)."""
    model = randomized_model(factory, training=False, block_size=LONG)
    if not hasattr(model, "new_cache"):
        return
    ids = random_ids(3, LONG)
    logits = model.forward(ids)
    cache = model.new_cache(len(ids))
    start = 0
    for end in (3, 4, 5, 60, *range(61, LONG + 1)):
        given = model.forward(ids[:, start:end], cache=cache)
        require(
            np.shape(given) in ((3, 1, V), (3, end - start, V)),
            f"with a cache ids (3, {end - start}) gave {np.shape(given)}, expected the logits of"
            f" the last position, (3, 1, {V})",
        )
        off = abs(given - logits[:, start:end][:, -given.shape[1] :]).max()
        require(
            off < 1e-5,
            f"with a cache the logits of positions up to {end - 1} differ by {off:.2g} from"
            " those without: count positions from what the cache holds, and let a query see all"
            " keys before it",
        )
        start = end


@model_offers
def generates(factory: Any) -> None:
    """``npgpt_core.generate`` continues a prompt past ``block_size``."""
    model = randomized_model(factory, dtype=np.float32)
    ids = generate(model, random_ids(2, 3), 2 * T, seed=0)
    require(
        ids.shape == (2, 3 + 2 * T) and 0 <= ids.min() <= ids.max() < V,
        f"generate gave ids {ids.shape} from {ids.min()} to {ids.max()}, expected"
        f" {(2, 3 + 2 * T)}, below {V}",
    )
