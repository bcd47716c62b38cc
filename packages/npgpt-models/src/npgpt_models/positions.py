"""Which positions the ids of a forward pass have."""

from collections.abc import Sequence

import numpy as np

from npgpt_core.errors import LayerError
from npgpt_core.layers.attention import KeyValueCache
from npgpt_core.module import Module
from npgpt_core.types import Ids


def next_positions(
    model: Module, block_size: int, ids: Ids, cache: Sequence[KeyValueCache] | None
) -> Ids:
    """The positions (T,) of ids (B, T): from 0 on, or from the first that the cache lacks.

    Raises:
        LayerError: ids that are not (B, T), or more positions than ``block_size``.
    """
    if ids.ndim != 2:
        raise LayerError(model, f"ids are {ids.shape}, expected (B, T)")
    start = cache[0].length if cache else 0
    end = start + ids.shape[1]
    if end > block_size:
        raise LayerError(model, f"{end} positions, but block_size is {block_size}")
    return np.arange(start, end)
