"""Encoding and decoding with merges, whether they were learned here or elsewhere."""

import re
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import regex  # type: ignore[import-untyped, unused-ignore]

from npgpt_tokenizers.base import BaseTokenizer
from npgpt_tokenizers.checks import check_ids, check_text
from npgpt_tokenizers.merging import WordCache
from npgpt_tokenizers.split import GPT2_WORD, split_words
from npgpt_tokenizers.symbols import to_ids

LONE_SURROGATE = re.compile(rb"(\xed[\xa0-\xbf][\x80-\xbf])")


class MergingTokenizer(BaseTokenizer):
    """A text is split into words, a word is merged, and a token has bytes.

    A subclass sets the bytes of each id, the cache of words and, if it is not GPT-2's, the pattern
    of a word.
    """

    _word: regex.Pattern[str] = GPT2_WORD
    _bytes_of_id: list[bytes]
    _cache: WordCache

    @property
    def vocab_size(self) -> int:
        """Number of ids."""
        self._require_trained()
        return len(self._bytes_of_id)

    @property
    def word_pattern(self) -> str:
        """The regular expression of a word, within which tokens are merged."""
        return str(self._word.pattern)

    def encode(self, text: str) -> npt.NDArray[np.int32]:
        """Ids of a text: int32, shape (n,)."""
        self._require_trained()
        pieces = split_words(self._word, check_text(text))
        return to_ids("".join(["".join(map(self._cache.__getitem__, words)) for words in pieces]))

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; special tokens give nothing, except ``<unk>``, which gives U+FFFD.

        Ids that no text has may spell bytes that are not UTF-8: they too give U+FFFD. The text of
        what went before stays the same, apart from an unfinished character at its end.
        """
        checked = check_ids(ids, self.vocab_size)
        data = b"".join(map(self._bytes_of_id.__getitem__, checked.tolist()))
        try:
            return data.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            pieces = LONE_SURROGATE.split(data)  # every second one: bad bytes leave them alone
            return "".join(
                piece.decode("utf-8", "surrogatepass" if i % 2 else "replace")
                for i, piece in enumerate(pieces)
            )

    def merge_stages(self, text: str) -> Iterator[list[list[int]]]:
        """Yield for each word of a text its ids before any merge, and after each; to look at.

        The last are those that ``encode`` gives.
        """
        self._require_trained()
        for words in split_words(self._word, check_text(text)):
            for word in words:
                yield [list(map(ord, symbols)) for symbols in self._cache.stages(word)]

    def token_bytes(self, i: int) -> bytes:
        """The bytes that one id stands for, which may be a part of a character."""
        return self._bytes_of_id[int(check_ids([i], self.vocab_size)[0])]
