"""Continuing a text with any model that maps ids (B, T) to logits (B, T, V)."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.module import Module
from npgpt_core.numbers import whole_number
from npgpt_core.protocols import config_of
from npgpt_core.sampling import check_options, highest_logits, sample
from npgpt_core.types import Array, Ids
from npgpt_core.wrong_input import require_model

WINDOWS = ("shift", "slide")
"""How the window moves once a text is longer than the block: see ``window_start``."""


def generate(
    model: Module,
    prompt: npt.ArrayLike,
    max_new_tokens: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    stop_token: int | None = None,
    suppress_tokens: Sequence[int] = (),
    window: str = "shift",
) -> Ids:
    """Continue a prompt (T,), or a batch of prompts (B, T); gives the prompt and what follows it.

    A row that has drawn ``stop_token`` is filled up with it; when all rows have, the result ends.

    Args:
        model: see ``protocols.Model``; one that offers ``new_cache(batch)`` and ``forward(ids,
            cache)`` is fed one token at a time.
        prompt: ids, at least one per row.
        max_new_tokens: how many to add.
        temperature: divides the logits; 0 takes the likeliest token.
        top_k: draw from the k likeliest tokens only.
        top_p: draw from the fewest tokens whose probabilities sum to p (Holtzman et al. 2020,
            arXiv:1904.09751).
        seed: the same seed gives the same tokens; None draws a fresh one.
        stop_token: ends a row.
        suppress_tokens: ids that are never drawn, such as that of padding.
        window: "shift" or "slide": what the model sees of a text that is longer than its block
            (``window_start``).

    Raises:
        NpgptError: no model, an empty prompt, ids outside the vocabulary, an option out of range,
            or logits that are not finite.
    """
    columns = stream(
        model,
        prompt,
        max_new_tokens,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        seed=seed,
        stop_token=stop_token,
        suppress_tokens=suppress_tokens,
        window=window,
    )
    ids = np.concatenate([_as_ids(prompt), *(column[:, None] for column in columns)], axis=1)
    return ids[0] if np.ndim(prompt) == 1 else ids


def stream(
    model: Module,
    prompt: npt.ArrayLike,
    max_new_tokens: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    stop_token: int | None = None,
    suppress_tokens: Sequence[int] = (),
    window: str = "shift",
) -> Iterator[Ids]:
    """Like ``generate``, but gives each new column (B,) as soon as it is drawn.

    ``decoding.decode_stream`` makes text of the ids of a row while they come.
    """
    require_model("generate", model, "forward()", "eval()", "config")
    ids = _as_ids(prompt)
    vocab_size = config_of(model).vocab_size
    _validate(ids, vocab_size, max_new_tokens, stop_token, window)
    check_options(vocab_size, temperature, top_k, top_p, suppress_tokens)
    rng = _generator(seed)
    next_logits = _NextLogits(model, len(ids), window)

    def columns() -> Iterator[Ids]:
        new, stopped = ids, np.zeros(len(ids), dtype=bool)
        was_training = getattr(model, "training", False)
        model.eval()
        try:
            for _ in range(max_new_tokens):
                column = sample(next_logits(new), rng, temperature, top_k, top_p, suppress_tokens)
                if stop_token is not None:
                    column[stopped] = stop_token
                    stopped |= column == stop_token
                yield column
                if stopped.all():
                    return
                new = column[:, None]
        finally:
            if was_training:
                model.train()

    return columns()


def window_start(length: int, block_size: int, window: str = "shift") -> int:
    """The first token that a model sees of ``length`` tokens; it sees all from there to the end.

    While all fits the block, all is seen. Past it the window has to move, and with every move all
    positions change: the keys and values of a cache are worth nothing then. "slide" moves it by
    one token at a time and sees the last ``block_size``, at the price of a whole window for every
    token. "shift" drops half a block at once, then grows by one token at a time, which a cache
    makes cheap: it sees between half a block and a whole one.
    """
    beyond = max(length - block_size, 0)
    if window == "slide":
        return beyond
    half = (block_size + 1) // 2
    return (beyond + half - 1) // half * half


class _NextLogits:
    """Logits (B, V) after a text that grows, computed from a cache while its window stands still.

    Args:
        model: with a cache or without; what it sees is the same.
        batch: B.
        window: see ``window_start``.
    """

    def __init__(self, model: Module, batch: int, window: str) -> None:
        self.model = model
        self.window = window
        self.seen = np.empty((batch, 0), np.int64)  # the ids in the window
        self.start = 0  # of the window
        self.cache: Any = None  # of what is seen; None where there is nothing to reuse

    def __call__(self, new: Ids) -> Array:
        """Take ids (B, n) that follow what was taken before."""
        self.seen = np.concatenate([self.seen, new], axis=1)
        length = self.start + self.seen.shape[1]
        start = window_start(length, config_of(self.model).block_size, self.window)
        if start > self.start:
            self.seen = self.seen[:, start - self.start :]
            self.start, self.cache = start, None
        with np.errstate(all="ignore"):  # what comes out is looked at
            logits = np.asarray(self._forward(new)[:, -1])
        try:
            highest_logits(logits)
        except NpgptError as error:
            raise NpgptError(f"after {length} tokens {error}; {_cause(self.model)}") from error
        return logits

    def _forward(self, new: Ids) -> Array:
        if not hasattr(self.model, "new_cache"):
            return self.model.forward(self.seen)
        if self.cache is None:
            self.cache = self.model.new_cache(len(new))
            new = self.seen
        return self.model.forward(new, cache=self.cache)


def _cause(model: Module) -> str:
    """Where logits that are not finite most likely come from."""
    for name, array in model.parameters().items():
        if not np.isfinite(array).all():
            return f"the parameter {name} holds numbers that are not finite"
    return "every parameter is finite, so a layer computes numbers too large for its type"


def _as_ids(prompt: npt.ArrayLike) -> Ids:
    """A prompt (T,) or (B, T) as int64 (B, T)."""
    try:
        ids = np.atleast_2d(np.asarray(prompt))
    except ValueError as error:
        raise NpgptError("the prompts of a batch differ in length: generate them apart") from error
    return ids.astype(np.int64) if ids.dtype.kind in "iu" else ids


def _generator(seed: int | None) -> np.random.Generator:
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError) as error:
        raise NpgptError(
            f"seed is {short_repr(seed)}, expected None or a whole number of at least 0"
        ) from error


def _validate(
    ids: Ids, vocab_size: int, max_new_tokens: int, stop_token: int | None, window: str
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
    whole_number("max_new_tokens", max_new_tokens, 0)
    if stop_token is not None:
        whole_number("stop_token", stop_token, 0)
    if window not in WINDOWS:
        raise NpgptError(f"window is {short_repr(window)}, expected one of {', '.join(WINDOWS)}")
