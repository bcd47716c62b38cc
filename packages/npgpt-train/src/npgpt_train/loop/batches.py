"""Batches: random windows of the tokens, and the same windows one token later as targets."""

from collections.abc import Iterable, Sequence

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.types import Ids
from npgpt_train.machine.memory import require_memory


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


def require_batches(
    splits: Iterable[Ids],
    batch_size: int,
    block_size: int,
    vocab_size: int,
    grad_accumulation: int,
    settable: Sequence[str] = (),
) -> None:
    """Refuse splits of a text (n,) that are too short for a block, and batches that are too large.

    ``settable`` are the sizes among the arguments that the caller's user can change.

    Raises:
        NpgptError: says what to change.
    """
    for tokens in splits:
        last_start(tokens, block_size)
    require_batch_memory(batch_size, block_size, vocab_size, grad_accumulation, settable)


def require_batch_memory(
    batch_size: int,
    block_size: int,
    vocab_size: int,
    grad_accumulation: int = 1,
    settable: Sequence[str] = (),
) -> None:
    """Refuse batches whose ids (int64, at their places) and logits (float32) alone are too many.

    ``settable`` is as in ``require_batches``.

    Raises:
        NpgptError: the machine has less memory.
    """
    ids = 2 * 8 * grad_accumulation * batch_size * (block_size + 1)
    logits = 4 * batch_size * block_size * vocab_size
    what = f"a batch of {batch_size:,} rows of {block_size:,} tokens"
    if grad_accumulation > 1:
        what = f"{grad_accumulation:,} times {what}"
    else:
        settable = [name for name in settable if name != "grad_accumulation"]
    sizes = " or ".join(f"`{name}`" for name in settable)
    require_memory(
        ids + logits, what, f"take a smaller {sizes}" if sizes else "use a larger machine"
    )
