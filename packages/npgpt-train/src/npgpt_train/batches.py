"""Batches: random windows of the tokens, and the same windows one token later as targets."""

from __future__ import annotations

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.types import Ids


def draw_batch(
    tokens: Ids, batch_size: int, block_size: int, rng: np.random.Generator
) -> tuple[Ids, Ids]:
    """Inputs and targets, each (B, T): ``batch_size`` windows at random places of ``tokens`` (n,).

    Raises:
        NpgptError: fewer than T + 1 tokens.
    """
    starts = rng.integers(0, last_start(tokens, block_size) + 1, batch_size)
    return windows(tokens, starts, block_size)


def windows(tokens: Ids, starts: Ids, block_size: int) -> tuple[Ids, Ids]:
    """Inputs and targets, each (B, T), of the windows that begin at ``starts`` (B,)."""
    rows = np.asarray(tokens[starts[:, None] + np.arange(block_size + 1)], dtype=np.intp)
    return rows[:, :-1], rows[:, 1:]


def last_start(tokens: Ids, block_size: int) -> int:
    """The last place where a window and its targets fit.

    Raises:
        NpgptError: there is none.
    """
    last = len(tokens) - block_size - 1
    if last < 0:
        raise NpgptError(
            f"{len(tokens):,} tokens are too few for a block of {block_size} and its next token:"
            " take more text or a smaller block_size"
        )
    return last
