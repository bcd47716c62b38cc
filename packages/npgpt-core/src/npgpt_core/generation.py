"""Sampling from any model that maps ids (B, T) to logits (B, T, V)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from npgpt_core.errors import NpgptError
from npgpt_core.functional import softmax
from npgpt_core.types import Array, Ids


def generate(
    model: Any,
    prompt: npt.ArrayLike,
    max_new_tokens: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    stop_token: int | None = None,
) -> Ids:
    """Continue a prompt (T,), or a batch of prompts (B, T); gives the prompt and what follows it.

    A row that has drawn ``stop_token`` is filled up with it; when all rows have, the result ends.

    Args:
        model: see ``protocols.Model``; one that offers ``new_cache(batch)`` and ``forward(ids,
            cache)`` is fed one token at a time.
        prompt: ids, at least one per row; only the last ``block_size`` are seen.
        max_new_tokens: how many to add.
        temperature: divides the logits; 0 takes the likeliest token.
        top_k: draw from the k likeliest tokens only.
        top_p: draw from the fewest tokens whose probabilities sum to p (Holtzman et al. 2020,
            arXiv:1904.09751).
        seed: the same seed gives the same tokens; None draws a fresh one.
        stop_token: ends a row.

    Raises:
        NpgptError: an empty prompt, ids outside the vocabulary, or an option out of range.
    """
    ids = _as_ids(prompt)
    new = list(
        stream(
            model,
            ids,
            max_new_tokens,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            seed=seed,
            stop_token=stop_token,
        )
    )
    ids = np.concatenate([ids, *(column[:, None] for column in new)], axis=1)
    return ids[0] if np.ndim(prompt) == 1 else ids


def stream(
    model: Any,
    ids: Ids,
    max_new_tokens: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    stop_token: int | None = None,
) -> Iterator[Ids]:
    """Like ``generate`` for ids (B, T), but gives each new column (B,) as soon as it is drawn."""
    _validate(ids, model.config.vocab_size, max_new_tokens, temperature, top_k, top_p)
    rng = np.random.default_rng(seed)
    stopped = np.zeros(len(ids), dtype=bool)
    was_training = getattr(model, "training", False)
    model.eval()
    try:
        next_logits = _NextLogits(model)
        for _ in range(max_new_tokens):
            column = sample(next_logits(ids), rng, temperature, top_k, top_p)
            if stop_token is not None:
                column[stopped] = stop_token
                stopped |= column == stop_token
            yield column
            if stopped.all():
                return
            ids = np.concatenate([ids, column[:, None]], axis=1)
    finally:
        if was_training:
            model.train()


class _NextLogits:
    """Logits (B, V) after ids (B, T): from the cache while all fits the block, else recomputed.

    Past the block every position shifts by one, and with it every key and value: there is nothing
    to reuse, the window is computed anew.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.block_size = model.config.block_size
        self.cache: Any = None
        self.cached = 0

    def __call__(self, ids: Ids) -> Array:
        length = ids.shape[1]
        if not hasattr(self.model, "new_cache") or length > self.block_size:
            logits = self.model.forward(ids[:, -self.block_size :])
        else:
            if self.cache is None:
                self.cache = self.model.new_cache(len(ids))
            logits = self.model.forward(ids[:, self.cached :], cache=self.cache)
            self.cached = length
        return np.asarray(logits[:, -1])


def sample(
    logits: Array,
    rng: np.random.Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Ids:
    """Draw one id a row from logits (B, V), after temperature, then top-k, then top-p."""
    if temperature == 0:
        return np.asarray(np.argmax(logits, axis=-1))
    scaled = logits.astype(np.float64)
    scaled -= scaled.max(axis=-1, keepdims=True)
    p = softmax(np.maximum(scaled, -1e3 * temperature) / temperature)  # exp(-1000) is 0
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
    return np.asarray(np.argmax(cumulative > draw[:, None], axis=-1))


def _as_ids(prompt: npt.ArrayLike) -> Ids:
    """A prompt (T,) or (B, T) as int64 (B, T)."""
    try:
        ids = np.atleast_2d(np.asarray(prompt))
    except ValueError as error:
        raise NpgptError("the prompts of a batch differ in length: generate them apart") from error
    return ids.astype(np.int64) if ids.dtype.kind in "iu" else ids


def _validate(
    ids: Ids,
    vocab_size: int,
    max_new_tokens: int,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
) -> None:
    if ids.ndim != 2 or ids.shape[1] == 0 or ids.dtype.kind not in "iu":
        raise NpgptError(
            f"the prompt has shape {ids.shape} and type {ids.dtype}, expected at least one integer"
            " id a row: start from a newline or a special token"
        )
    if ids.size and not 0 <= int(ids.min()) <= int(ids.max()) < vocab_size:
        raise NpgptError(
            f"the prompt holds ids from {ids.min()} to {ids.max()}, expected 0 to {vocab_size - 1}:"
            " was it encoded by the tokenizer of this model?"
        )
    if max_new_tokens < 0:
        raise NpgptError(f"max_new_tokens is {max_new_tokens}, expected 0 or more")
    if not 0 <= temperature < float("inf"):
        raise NpgptError(f"temperature is {temperature}, expected 0 (greedy) or more")
    if top_k is not None and top_k < 1:
        raise NpgptError(f"top_k is {top_k}, expected 1 or more")
    if top_p is not None and not 0 < top_p <= 1:
        raise NpgptError(f"top_p is {top_p}, expected above 0 and at most 1")
