"""A tokenizer of whole words: short sequences, and ``<unk>`` for every word that is too rare."""

from collections.abc import Iterable
from itertools import chain, repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from npgpt_tokenizers.base import SIZES, SPECIAL_TOKENS, UNK, UNKNOWN_TEXT, BaseTokenizer
from npgpt_tokenizers.checks import check_ids, check_integer, check_text, check_texts
from npgpt_tokenizers.split import WORD_OR_MARK, count_words, split_words
from npgpt_tokenizers.state import Fields


class WordTokenizer(BaseTokenizer):
    r"""Lowercased words, punctuation marks and white-space characters, the most frequent first.

    White space is kept, one token for each character, so that line breaks survive. What is lost:
    upper case, and every word outside the vocabulary, which becomes ``<unk>`` and decodes to
    U+FFFD. So ``decode(encode(text)) == text.lower()`` exactly where no ``<unk>`` occurs. Words of
    equal frequency are taken in the order of their code points.

    Args:
        vocab_size: Most ids there may be, the four special tokens included.
        min_frequency: Least number of times that a word must occur to be in the vocabulary.
    """

    name = "word"
    presets = SIZES

    def __init__(self, *, vocab_size: int = 6551, min_frequency: int = 1) -> None:
        self._max_vocab_size = check_integer("vocab_size", vocab_size, 5, 2**31 - 1)
        self._min_frequency = check_integer("min_frequency", min_frequency, 1, 2**63 - 1)
        self._words: list[str] = []

    @property
    def vocab_size(self) -> int:
        """Number of ids: the special tokens and the words kept."""
        self._require_trained()
        return len(SPECIAL_TOKENS) + len(self._words)

    def train(self, texts: Iterable[str]) -> None:
        """Count the words of the texts and keep the most frequent."""
        counts = count_words(WORD_OR_MARK, map(str.lower, check_texts(texts)))
        frequent = [word for word, count in counts.items() if count >= self._min_frequency]
        frequent.sort(key=lambda word: (-counts[word], word))
        self._set_words(frequent[: self._max_vocab_size - len(SPECIAL_TOKENS)])

    def encode(self, text: str) -> npt.NDArray[np.int32]:
        """Ids of a text, one for each word, mark and white-space character: int32, shape (n,)."""
        self._require_trained()
        words = chain.from_iterable(split_words(WORD_OR_MARK, check_text(text).lower()))
        return np.fromiter(map(self._ids.get, words, repeat(UNK)), np.int32)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids, in lower case; special tokens give nothing, except ``<unk>``: U+FFFD."""
        checked = check_ids(ids, self.vocab_size)
        return "".join(map(self._texts.__getitem__, checked.tolist()))

    def options(self) -> dict[str, Any]:
        """The keyword arguments that made this tokenizer."""
        return {"vocab_size": self._max_vocab_size, "min_frequency": self._min_frequency}

    def vocabulary(self) -> dict[str, Any]:
        """The words in the order of their ids."""
        return {"words": list(self._words)}

    def restore(self, fields: Fields) -> None:
        """Take the words from a state."""
        words = fields.strings("words")
        if len(SPECIAL_TOKENS) + len(words) > self._max_vocab_size:
            raise fields.error(f"it holds more tokens than its vocab_size, {self._max_vocab_size}")
        self._set_words(words)

    def _set_words(self, words: list[str]) -> None:
        self._words = words
        self._texts = ["", UNKNOWN_TEXT, "", "", *words]
        self._ids = {word: i for i, word in enumerate(words, start=len(SPECIAL_TOKENS))}
        self._trained = True
