"""How well a run predicts the held-out text, in numbers that compare across tokenizers.

A loss per token says nothing across tokenizers, because one token may be a letter and another a
word. The bits of the whole text over the number of its characters compare; what a tokenizer loses
must be paid for besides (``characters``), or forgetting would be the best compression.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from npgpt_core.protocols import Tokenizer
from npgpt_core.types import Ids
from npgpt_train.comparison.characters import CharacterModel
from npgpt_train.evaluation import Evaluation
from npgpt_train.text.corpus import Corpus
from npgpt_train.text.unknown import align, known_spans, unknown_share

CHUNK = 1 << 22  # tokens counted at once


@dataclass(frozen=True)
class HeldOut:
    """The text on which all runs are measured: the validation split of the corpus.

    ``unigram_bits`` are bits per character of guessing by the shares of the training split.
    """

    corpus: Corpus
    model: CharacterModel
    characters: int
    bytes: int
    words: int
    lines: int
    unigram_bits: float

    @classmethod
    def from_corpus(cls, corpus: Corpus) -> HeldOut:
        """Read the text once for its training split, and once for its validation split."""
        model = CharacterModel(corpus.train_texts())
        size, words, lines, bits = 0, 0, 0, 0.0
        for text in corpus.val_texts():
            size += len(text.encode("utf-8", "surrogatepass"))
            words += len(text.split())
            lines += len(_lines(text))
            bits += model.bits(text)
        characters = corpus.n_characters - corpus.val_start
        return cls(corpus, model, characters, size, words, lines, bits / characters)

    def to_json(self) -> dict[str, Any]:
        """The numbers."""
        return {
            "characters": self.characters,
            "bytes": self.bytes,
            "words": self.words,
            "lines": self.lines,
            "uniform_bits_per_character": self.model.uniform_bits,
            "unigram_bits_per_character": self.unigram_bits,
        }


def measure(
    held_out: HeldOut, tokenizer: Tokenizer, evaluation: Evaluation, train: Ids, val: Ids
) -> dict[str, Any]:
    """Everything about one run on the held-out text, as a JSON object.

    ``evaluation`` is that of its model on all of it; the tokens are (n,) and (m,). In what is
    given, ``bits_per_character`` is what the model pays for its tokens, ``restored`` the same with
    the price of what the tokenizer lost; None if that cannot be told.
    """
    lost = _lost(held_out, tokenizer)
    uniform = math.log(tokenizer.vocab_size)
    unigram = _unigram_loss(train, val, tokenizer.vocab_size)
    bits_at_loss_1 = evaluation.tokens / math.log(2)
    bits = evaluation.loss * bits_at_loss_1

    def restored(loss: float, units: int) -> float | None:
        if lost is None or not units:
            return None
        return (loss * bits_at_loss_1 + lost["spelling"] + lost["case"]) / units

    per_word = restored(evaluation.loss, held_out.words)
    return {
        "tokens": len(val),
        "characters_per_token": held_out.characters / len(val),
        "loss": evaluation.loss,
        "uniform_loss": uniform,
        "unigram_loss": unigram,
        "bits_per_character": bits / held_out.characters,
        "bits_per_byte": bits / held_out.bytes,
        "lost_bits_per_character": None
        if lost is None
        else {name: value / held_out.characters for name, value in lost.items()},
        "restored_bits_per_character": restored(evaluation.loss, held_out.characters),
        "restored_bits_per_byte": restored(evaluation.loss, held_out.bytes),
        "restored_uniform_bits_per_character": restored(uniform, held_out.characters),
        "restored_unigram_bits_per_character": restored(unigram, held_out.characters),
        "perplexity_per_word": None if per_word is None or per_word > 1000 else 2**per_word,
        "unknown_rate": unknown_share(tokenizer, val),
        "lines_recovered": _recovered(held_out, tokenizer) / held_out.lines
        if held_out.lines
        else None,
    }


def _lost(held_out: HeldOut, tokenizer: Tokenizer) -> dict[str, float] | None:
    """Bits for spelling what became unknown, and for the case of letters; None: lost otherwise."""
    model, spelling, case = held_out.model, 0.0, 0.0
    tells_case = _tells_case(held_out, tokenizer)
    for text in held_out.corpus.val_texts():
        known = known_spans(tokenizer, np.asarray(tokenizer.encode(text)))
        if tells_case:
            spelled, kept = align(text, known), ""
        else:
            spelled, kept = _align_lowercased(text, known)
        if spelled is None:
            return None
        spelling += sum(map(model.spelling_bits, spelled))
        case += model.case_bits(kept)
    return {"spelling": spelling, "case": case}


def _tells_case(held_out: HeldOut, tokenizer: Tokenizer) -> bool:
    """Whether the ids of what is known say which case its letters have.

    That the text itself comes back is no proof: its capitals may all stand in unknown words. So
    it is written in capitals, and without any: a tokenizer that loses case changes one of the two.
    """
    return all(
        align(written, known_spans(tokenizer, np.asarray(tokenizer.encode(written)))) is not None
        for text in held_out.corpus.val_texts()
        for written in (_in_one_case(text, str.upper), _in_one_case(text, str.lower))
    )


def _in_one_case(text: str, change: Callable[[str], str]) -> str:
    """A text with each letter changed that is a single one in the other case, too."""
    return "".join(new if len(new) == 1 else old for old in text for new in [change(old)])


def _align_lowercased(text: str, known: list[str]) -> tuple[list[str] | None, str]:
    """The unknown words as ``text`` spells them, and the rest of it; None if they do not align."""
    lower = text.lower()
    spelled = align(lower, known) if len(lower) == len(text) else None
    if spelled is None:
        return None, ""
    pieces = iter(spelled)
    words, rest, position = [], [], 0
    for i, piece in enumerate(known):
        if i > 0 and (piece or i == len(known) - 1):
            word = next(pieces)
            words.append(text[position : position + len(word)])
            position += len(word)
        rest.append(text[position : position + len(piece)])
        position += len(piece)
    return words, "".join(rest)


def _unigram_loss(train: Ids, val: Ids, vocab_size: int) -> float:
    """Mean -ln of the share of each held-out token in the training split, every id counted +1."""
    counts = np.ones(vocab_size)
    for start in range(0, len(train), CHUNK):
        counts += np.bincount(train[start : start + CHUNK], minlength=vocab_size)
    losses = np.log(counts.sum()) - np.log(counts)
    starts = range(0, len(val), CHUNK)
    return sum(float(losses[val[start : start + CHUNK]].sum()) for start in starts) / len(val)


def _recovered(held_out: HeldOut, tokenizer: Tokenizer) -> int:
    """How many lines with text come back exactly from their own ids."""
    return sum(
        tokenizer.decode(tokenizer.encode(line)) == line
        for text in held_out.corpus.val_texts()
        for line in _lines(text)
    )


def _lines(text: str) -> list[str]:
    """The lines that hold more than white space."""
    return [line for line in text.splitlines() if line.strip()]
