"""How a text becomes tokens: every merge in order, the ids, and what became unknown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from npgpt_core import registry
from npgpt_core.errors import NpgptError, PluginError
from npgpt_core.protocols import Tokenizer
from npgpt_train.explain.tokens import Token, token, tokens
from npgpt_train.run.loading import load_tokenizer
from npgpt_train.run.paths import is_run
from npgpt_train.text.corpus import Corpus, open_dataset
from npgpt_train.text.tokenizer_file import is_tokenizer_path
from npgpt_train.text.unknown import unknown_spans


@dataclass(frozen=True)
class Merge:
    """Two neighbours that became one token, and the pieces of the word after it."""

    left: Token
    right: Token
    merged: Token
    pieces: list[Token]


@dataclass(frozen=True)
class Word:
    """A word within which tokens are merged: its pieces at first, then merge by merge."""

    pieces: list[Token]
    merges: list[Merge]


@dataclass(frozen=True)
class Tokenization:
    """What a tokenizer makes of a text.

    ``unknown`` are the spans of the text that became ``<unk>``, neighbours together; None if the
    tokens do not tell. ``decoded`` is the text that comes back. ``words`` are the distinct words in
    order; None of a tokenizer that does not merge (see ``protocols.Tokenizer``).
    """

    text: str
    vocab_size: int
    tokens: list[Token]
    unknown: list[str] | None
    decoded: str
    words: list[Word] | None


def explain_tokenization(tokenizer: Tokenizer, text: str) -> Tokenization:
    """Show each step by which a tokenizer encodes a text."""
    ids = np.asarray(tokenizer.encode(text))
    return Tokenization(
        text,
        tokenizer.vocab_size,
        tokens(tokenizer, ids),
        unknown_spans(tokenizer, text, ids),
        tokenizer.decode(ids),
        list(_words(tokenizer, text)) if hasattr(tokenizer, "merge_stages") else None,
    )


def find_tokenizer(
    name: str, text: str, data: Sequence[str] = (), **options: Any
) -> tuple[Tokenizer, str]:
    """That of a run or a file, or one by name trained on the spot; and where it comes from.

    It is trained, with its options, on the text, or on the part of ``data`` (a dataset's name, or
    files) that a run would train on.

    Raises:
        NpgptError: there is none of them, or ``data`` or options for a trained one.
    """
    if is_run(name) or is_tokenizer_path(name):
        if data or options:
            raise NpgptError(
                f"the tokenizer of {name} is trained: leave out `data` and `vocab_size`,"
                f" or name a tokenizer ({', '.join(registry.names('tokenizer'))})"
            )
        return load_tokenizer(name), f"the tokenizer of {name}"
    try:
        registry.find("tokenizer", name)
    except PluginError as error:
        raise NpgptError(f"there is no run in {name!r}, and {error}") from error
    tokenizer: Tokenizer = registry.create("tokenizer", name, **options)
    tokenizer.train(Corpus(open_dataset(data)).train_texts() if data else [text])
    return tokenizer, f"{name}, trained on {' '.join(data) or 'this text alone'}"


def _words(tokenizer: Any, text: str) -> Iterator[Word]:
    """Every distinct word once, where it first occurs."""
    seen = set()
    for stages in tokenizer.merge_stages(text):
        if (word := tuple(stages[0])) not in seen:
            seen.add(word)
            merges = [_merge(tokenizer, *pair) for pair in pairwise(stages)]
            yield Word(tokens(tokenizer, word), merges)


def _merge(tokenizer: Tokenizer, before: list[int], after: list[int]) -> Merge:
    """The merge between two stages: at the first place where they differ."""
    place = next(i for i, (old, new) in enumerate(zip(before, after, strict=False)) if old != new)
    left, right, merged = before[place], before[place + 1], after[place]
    return Merge(
        token(tokenizer, left),
        token(tokenizer, right),
        token(tokenizer, merged),
        tokens(tokenizer, after),
    )
