"""Contract checks of models: continuing a text, with and without a key/value cache."""

from __future__ import annotations

from typing import Any

import numpy as np

from npgpt_core.generation import generate
from npgpt_core.testing.checklist import CheckList, require
from npgpt_core.testing.small import LONG, T, V, lively_model, random_ids

model_generation = CheckList("model")


@model_generation
def cache_equals_recomputation(factory: Any) -> None:
    """Where ``new_cache(batch)`` is offered, feeding ids in parts gives the same logits."""
    model = lively_model(factory, training=False, block_size=LONG)
    if not hasattr(model, "new_cache"):
        return
    ids = random_ids(3, LONG)
    logits = model.forward(ids)
    cache = model.new_cache(len(ids))
    at = 0
    for end in (3, 4, 5, 60, *range(61, LONG + 1)):
        off = abs(model.forward(ids[:, at:end], cache=cache) - logits[:, at:end]).max()
        require(
            off < 1e-5,
            f"with a cache the logits of positions {at} to {end - 1} differ by {off:.2g} from"
            " those without: count positions from what the cache holds, and let a query see all"
            " keys before it",
        )
        at = end


@model_generation
def generates(factory: Any) -> None:
    """``npgpt_core.generate`` continues a prompt past ``block_size``."""
    model = lively_model(factory, dtype=np.float32)
    ids = generate(model, random_ids(2, 3), 2 * T, seed=0)
    require(
        ids.shape == (2, 3 + 2 * T) and 0 <= ids.min() <= ids.max() < V,
        f"generate gave ids {ids.shape} from {ids.min()} to {ids.max()}, expected"
        f" {(2, 3 + 2 * T)}, below {V}",
    )
