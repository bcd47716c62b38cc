"""The contract checks of tokenizers: ids and, from files of their own, training, texts, states."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from npgpt_core.special_tokens import require_special_ids, require_special_tokens
from npgpt_core.testing.checklist import (
    Check,
    CheckList,
    as_failure,
    must_raise,
    require,
    require_protocol,
)
from npgpt_core.testing.shared import part_options
from npgpt_core.testing.tokenizers.states import tokenizer_states
from npgpt_core.testing.tokenizers.texts import (
    TEXTS,
    UNSEEN,
    require_no_special_ids,
    tokenizer_texts,
    trained,
)
from npgpt_core.testing.tokenizers.training import tokenizer_training

tokenizers = CheckList("tokenizer")
on_texts = tokenizers.given(lambda factory: (trained(factory, *TEXTS),))


def tokenizer_checks() -> Iterator[tuple[str, Check]]:
    """Id and function of every tokenizer check; a function takes () -> untrained tokenizer."""
    return itertools.chain(tokenizers, tokenizer_training, tokenizer_texts, tokenizer_states)


@tokenizers
def protocol(factory: Any) -> None:
    """Every member of ``protocols.Tokenizer`` is there."""
    require_protocol("tokenizer", type(factory()))


tokenizers.include(part_options, lambda factory: ("tokenizer", type(factory())))


@on_texts
def special_tokens_map(tokenizer: Any) -> None:
    """``special_tokens`` maps spellings to ids of their own, below ``vocab_size``; or is empty."""
    with as_failure():
        require_special_tokens(tokenizer)


@on_texts
def special_ids_named(tokenizer: Any) -> None:
    """``pad_id``, ``unk_id``, ``bos_id`` and ``eos_id`` are ids of special tokens, or None."""
    with as_failure():
        require_special_ids(tokenizer)


@on_texts
def special_ids_stand_for_no_text(tokenizer: Any) -> None:
    """Text that the tokenizer was trained on gives no special token."""
    require_no_special_ids(tokenizer, "".join(TEXTS))


@on_texts
def ids_are_integers(tokenizer: Any) -> None:
    """``encode`` gives a NumPy array of integers, shape (n,)."""
    for text in ("", TEXTS[0], UNSEEN):
        ids = tokenizer.encode(text)
        require(
            isinstance(ids, np.ndarray) and ids.ndim == 1 and ids.dtype.kind in "iu",
            f"encode({text!r:.30}) gave {type(ids).__name__} {getattr(ids, 'dtype', '')}, expected"
            " an integer array of one axis: np.array(ids, np.int32)",
        )


@on_texts
def ids_in_range(tokenizer: Any) -> None:
    """Every id is from 0 to ``vocab_size`` - 1, for texts seen and unseen."""
    for text in (*TEXTS, UNSEEN):
        ids = np.asarray(tokenizer.encode(text))
        require(
            0 <= ids.min(initial=0) <= ids.max(initial=0) < tokenizer.vocab_size,
            f"encode({text!r:.30}) gave ids from {ids.min()} to {ids.max()}, expected 0 to"
            f" {tokenizer.vocab_size - 1}: a model has one row for each of vocab_size ids",
        )


@on_texts
def unseen_text(tokenizer: Any) -> None:
    """Characters that training never saw encode to some ids, and these decode to some text."""
    ids = tokenizer.encode(UNSEEN)
    require(len(ids) > 0, f"{UNSEEN!a} gave no ids: give unk_id for what is unknown")
    text = tokenizer.decode(ids)
    require(isinstance(text, str), f"its ids gave {type(text).__name__}, expected str")


@on_texts
def encode_deterministic(tokenizer: Any) -> None:
    """A text has the same ids again after other texts were encoded."""
    texts = (UNSEEN, *TEXTS)
    before = [np.array(tokenizer.encode(text)) for text in texts]
    for text, ids in zip(texts, before, strict=True):
        require(
            np.array_equal(ids, tokenizer.encode(text)),
            f"{text!a:.30} had other ids the second time: encode must draw and learn nothing",
        )


@on_texts
def ids_belong_to_caller(tokenizer: Any) -> None:
    """Writing into the ids that ``encode`` gave changes nothing of the tokenizer."""
    ids = tokenizer.encode(TEXTS[0])
    before = ids.copy()
    ids[...] = 0
    require(
        np.array_equal(before, tokenizer.encode(TEXTS[0])),
        "after writing into its ids the same text had other ids: return a copy of what is kept",
    )


@on_texts
def vocab_size_decodable(tokenizer: Any) -> None:
    """``vocab_size`` is a whole number, and every id below it decodes."""
    size = tokenizer.vocab_size
    require(type(size) is int, f"vocab_size is {size!r}, expected an int")
    for i in range(size):
        text = tokenizer.decode([i])
        require(isinstance(text, str), f"decode([{i}]) gave {text!r:.60}, expected str")


@on_texts
def decode_refuses_unknown_ids(tokenizer: Any) -> None:
    """``decode`` of an id below 0 or from ``vocab_size`` on is an ``NpgptError``."""
    for i in (tokenizer.vocab_size, tokenizer.vocab_size + 1000, -1):
        with must_raise(f"decode([{i}]) with a vocab_size of {tokenizer.vocab_size}"):
            tokenizer.decode([i])


@on_texts
def decode_any_iterable(tokenizer: Any) -> None:
    """``decode`` takes an array of any integers, a list, a tuple or a generator."""
    ids = np.asarray(tokenizer.encode(TEXTS[0]))
    expected = tokenizer.decode(ids)
    plain = ids.tolist()
    for same in (plain, tuple(plain), (i for i in plain), ids.astype(np.int64), list(ids)):
        text = tokenizer.decode(same)
        require(
            text == expected,
            f"the ids as {type(same).__name__} gave {text!r:.60}, as an array {expected!r:.60}",
        )
