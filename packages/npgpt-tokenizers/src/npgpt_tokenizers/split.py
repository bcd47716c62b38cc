"""Cutting text into words, in bounded pieces: a text may be long, a list of all its words longer.

Two patterns say what a word is. In both, every character is in exactly one word, so joining the
words gives back the text.

- ``GPT2_WORD``, of GPT-2 (Radford et al. 2019), within whose words byte-pair encoding merges: a
  contraction's ending; letters, digits or other signs, each with at most one space before; white
  space.
- ``WORD_OR_MARK``: letters and digits, with apostrophes inside (``don't``); or one character of
  white space; or one of anything else.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import regex  # type: ignore[import-untyped, unused-ignore]

GPT2_WORD = regex.compile(
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
)

WORD_OR_MARK = regex.compile(r"\w+(?:'\w+)*|\s|[^\w\s]")

PIECE_SIZE = 2**16  # characters; a piece is cut at the first end of a word after so many

_END_OF_WORD = regex.compile(r"(?<=[\p{L}\p{N}])\s|(?<=\S)[^\S\r\n]")


def split_words(word: regex.Pattern[str], text: str) -> Iterator[list[str]]:
    """The words of a text, one list for each piece of it.

    The pieces change no word. They begin where white space follows a letter or a digit, or where
    white space other than a line break follows something else, and no pattern of this package
    matches across such a place.
    """
    start = 0
    while start < len(text):
        cut = _END_OF_WORD.search(text, start + PIECE_SIZE)
        end = cut.start() if cut else len(text)
        yield word.findall(text[start:end])
        start = end


def count_words(word: regex.Pattern[str], texts: Iterable[str]) -> Counter[str]:
    """How often each word occurs; takes the memory of the distinct words, not of the texts."""
    counts: Counter[str] = Counter()
    for text in texts:
        for words in split_words(word, text):
            counts.update(words)
    return counts
