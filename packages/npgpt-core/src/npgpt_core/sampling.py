"""Drawing the next token from logits: temperature, top-k, top-p, and ids that are never drawn."""

from collections.abc import Sequence

import numpy as np

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.functional import softmax
from npgpt_core.numbers import is_finite, is_real, is_whole
from npgpt_core.types import Array, Ids


def sample(
    logits: Array,
    rng: np.random.Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    suppress_tokens: Sequence[int] = (),
) -> Ids:
    """Draw one id a row from logits (B, V), after temperature, then top-k, then top-p.

    ``suppress_tokens`` are never drawn: their logits count as -inf.

    Raises:
        NpgptError: a row holds NaN or inf, or nothing that could be drawn.
    """
    logits = logits.astype(np.float64)
    logits[:, list(suppress_tokens)] = -np.inf
    highest = highest_logits(logits)
    if temperature == 0:
        return np.argmax(logits, axis=-1)
    scaled = np.maximum(logits - highest[:, None], -1e3 * temperature)  # exp(-1000) is 0
    p = softmax(scaled / temperature)
    if top_k is not None and top_k < p.shape[-1]:
        likeliest = np.argsort(-p, axis=-1, kind="stable")[:, :top_k]
        kept = np.zeros_like(p)
        np.put_along_axis(kept, likeliest, np.take_along_axis(p, likeliest, axis=-1), axis=-1)
        p = kept / kept.sum(axis=-1, keepdims=True)
    if top_p is not None:
        order = np.argsort(-p, axis=-1, kind="stable")
        ordered = np.take_along_axis(p, order, axis=-1)
        before = np.cumsum(ordered, axis=-1) - ordered  # mass of the likelier tokens
        ordered[before >= top_p] = 0
        np.put_along_axis(p, order, ordered, axis=-1)
    cumulative = np.cumsum(p, axis=-1)
    draw = rng.random(len(p)) * cumulative[:, -1]
    return np.argmax(cumulative > draw[:, None], axis=-1)


def highest_logits(logits: Array) -> Array:
    """The highest of each row of logits (B, V), (B,); -inf below it is an id that is never drawn.

    Raises:
        NpgptError: one is not finite, so there is no telling what to draw.
    """
    highest = logits.max(axis=-1)  # NaN, if the row holds one
    if not np.isfinite(highest).all():
        value = highest[~np.isfinite(highest)][0]
        reason = "no token is left to draw" if value == -np.inf else "it is not finite"
        raise NpgptError(f"the highest logit is {value}: {reason}")
    return highest


def check_options(
    vocab_size: int,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    suppress_tokens: Sequence[int],
) -> None:
    """Raise an ``NpgptError`` that names the option of ``sample`` that is out of range."""
    if not (is_finite(temperature) and temperature >= 0):
        raise NpgptError(f"temperature is {short_repr(temperature)}, expected 0 (greedy) or more")
    if top_k is not None and not (is_whole(top_k) and top_k >= 1):
        raise NpgptError(f"top_k is {short_repr(top_k)}, expected 1 or more")
    if top_p is not None and not (is_real(top_p) and 0 < top_p <= 1):
        raise NpgptError(f"top_p is {short_repr(top_p)}, expected above 0 and at most 1")
    outside = [i for i in suppress_tokens if not 0 <= i < vocab_size]
    if outside:
        raise NpgptError(
            f"suppress_tokens holds {short_repr(outside[0])}, expected ids from 0 to"
            f" {vocab_size - 1}"
        )
    if len(set(suppress_tokens)) == vocab_size:
        raise NpgptError(f"suppress_tokens holds all {vocab_size} ids: no token is left to draw")
