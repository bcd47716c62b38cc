"""What a run writes, measured instead of judged by eye: words, names, repetitions."""

import re
from typing import Any

import numpy as np

from npgpt_core.generation import generate
from npgpt_core.module import Module
from npgpt_core.protocols import Tokenizer
from npgpt_core.types import Ids
from npgpt_train.comparison.characters import WORD
from npgpt_train.machine.blas import one_blas_thread
from npgpt_train.run.sample import SAMPLE_TEMPERATURE, SAMPLE_TOKENS, first_ids
from npgpt_train.text.corpus import Corpus
from npgpt_train.text.token_texts import token_texts
from npgpt_train.text.unknown import unknown_share

SAMPLES = 8
NGRAM = 4
COUNTED = 80  # words of a text in which repetitions are counted: longer texts repeat more
SPEAKER = re.compile(r"(?<=\n\n)([^\W\d_][^:\n]{0,40}):[ \t]*$", re.MULTILINE)
"""A line that says who speaks: a short one after an empty one, with a colon at its end."""


class KnownWords:
    """The words and the speakers' names of a corpus, without regard to case."""

    def __init__(self, corpus: Corpus) -> None:
        self.words: set[str] = set()
        self.names: set[str] = set()
        for texts in (corpus.train_texts(), corpus.val_texts()):
            for text in texts:
                self.words.update(words_of(text))
                self.names.update(names_of(text))


def words_of(text: str) -> list[str]:
    """Runs of letters, with apostrophes inside, in lower case."""
    return WORD.findall(text.lower())


def whole_words_of(text: str) -> list[str]:
    """The words of a text that ends anywhere: without a last one that may go on."""
    words = words_of(text)
    return words[:-1] if text[-1:].isalpha() else words


def names_of(text: str) -> list[str]:
    """The names on lines that say who speaks, in lower case."""
    return [name.strip() for name in SPEAKER.findall(text.lower())]


def repeated_share(words: list[str], n: int = NGRAM) -> float | None:
    """The share of runs of ``n`` words that occurred before; None if there is no such run."""
    runs = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    return (len(runs) - len(set(runs))) / len(runs) if runs else None


def draw_samples(model: Module, tokenizer: Tokenizer, seed: int) -> Ids:
    """The ids of ``SAMPLES`` continuations of a line break, (SAMPLES, n)."""
    prompt = first_ids(tokenizer)
    with one_blas_thread():
        ids = generate(
            model,
            np.tile(prompt, (SAMPLES, 1)),
            SAMPLE_TOKENS,
            temperature=SAMPLE_TEMPERATURE,
            seed=seed,
            window="slide",
        )
    return ids[:, len(prompt) :]


def measure(model: Module, tokenizer: Tokenizer, seed: int, known: KnownWords) -> dict[str, Any]:
    """What ``SAMPLES`` texts of 500 tokens hold, and the first of them, token by token.

    Returns:
        A JSON object; a share of nothing is None.
    """
    rows = draw_samples(model, tokenizer, seed)
    texts = [tokenizer.decode(row) for row in rows]
    written = [whole_words_of(text) for text in texts]
    words = [word for some in written for word in some]
    names = [name for text in texts for name in names_of(text)]
    shares = [repeated_share(some[:COUNTED]) for some in written]
    repeated = [share for share in shares if share is not None]
    return {
        "samples": len(texts),
        "tokens": int(rows.size),
        "characters_in_500_tokens": float(np.mean([len(text) for text in texts])),
        "words": len(words),
        "known_words": _share(sum(word in known.words for word in words), len(words)),
        "names": len(names),
        "known_names": _share(sum(name in known.names for name in names), len(names)),
        "repeated_4grams": float(np.mean(repeated)) if repeated else None,
        "unknown_rate": unknown_share(tokenizer, rows),
        "sample": token_texts(tokenizer, rows[0]),
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
