"""Contract checks of tokenizers: what training learns depends on its texts and on nothing else."""

from typing import Any

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.testing.checklist import CheckList, require
from npgpt_core.testing.tokenizers.texts import TEXTS, UNSEEN, require_round_trip, trained

tokenizer_training = CheckList("tokenizer")


@tokenizer_training
def train_deterministic(factory: Any) -> None:
    """Two tokenizers trained on the same texts are the same."""
    _require_same(
        trained(factory, *TEXTS),
        trained(factory, *TEXTS),
        "a second tokenizer, trained on the same texts,",
        "break ties by a rule, and draw no random numbers",
    )


@tokenizer_training
def train_again_starts_anew(factory: Any) -> None:
    """Training again forgets what was learned before."""
    tokenizer = trained(factory, "something else entirely!", UNSEEN)
    tokenizer.encode(TEXTS[0])
    tokenizer.train([*TEXTS, *TEXTS])
    _require_same(
        trained(factory, *TEXTS),
        tokenizer,
        "a tokenizer that was trained on other texts before",
        "train must replace all state",
    )


@tokenizer_training
def train_reads_once(factory: Any) -> None:
    """``train`` takes any iterable, reads it once, and learns from all of it."""
    tokenizer = factory()
    tokenizer.train(text for text in TEXTS * 2)
    _require_same(
        trained(factory, *TEXTS),
        tokenizer,
        "a tokenizer trained on a generator of the same texts",
        "go through the texts once: they may be larger than memory, or gone",
    )
    for text in TEXTS:
        require_round_trip(tokenizer, text)


@tokenizer_training
def encode_untrained(factory: Any) -> None:
    """``encode`` before ``train`` is an ``NpgptError``, unless no training is needed."""
    tokenizer = factory()
    try:
        tokenizer.encode(TEXTS[0])
    except NpgptError:
        return
    except Exception as error:
        raise AssertionError(
            f"encode before train raised {type(error).__name__}: {error}; expected an"
            " npgpt_core.NpgptError that says to train first"
        ) from error
    require_round_trip(tokenizer, TEXTS[0])  # it needs no training


def _require_same(expected: Any, other: Any, what: str, advice: str) -> None:
    for text in (*TEXTS, UNSEEN):
        require(
            expected.vocab_size == other.vocab_size
            and np.array_equal(expected.encode(text), other.encode(text)),
            f"{what} gave other ids for {text!r:.30}: {advice}",
        )
