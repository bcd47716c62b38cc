"""A sequence of ids as a string: id i is written as the character ``chr(i)``.

In this form a word is a short string, and replacing a pair of ids by a new one is ``str.replace``,
so that the work on single ids is done by Python's string functions. Nobody outside sees it:
``to_ids`` ends it. A vocabulary may have as many ids as there are code points, less one.
"""

import sys
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import numpy.typing as npt

MAX_VOCAB_SIZE = sys.maxunicode


def to_symbols(ids: Iterable[int]) -> str:
    """Ids, each as one character."""
    return "".join(map(chr, ids))


def to_ids(symbols: str) -> npt.NDArray[np.int32]:
    """The ids again: int32, shape (n,)."""
    codes = symbols.encode("utf-32-le", "surrogatepass")
    return np.frombuffer(codes, np.dtype("<i4")).astype(np.int32)


class Spelling(dict[int, str]):
    """Code point -> symbols, for ``str.translate``; an unknown character is spelled when first met.

    Args:
        alphabet: Character -> its id.
        spell_unknown: Gives the ids of a character outside the alphabet.
    """

    def __init__(
        self, alphabet: Mapping[str, int], spell_unknown: Callable[[str], Iterable[int]]
    ) -> None:
        super().__init__((ord(character), chr(i)) for character, i in alphabet.items())
        self._spell_unknown = spell_unknown

    def __missing__(self, code: int) -> str:
        symbols = self[code] = to_symbols(self._spell_unknown(chr(code)))
        return symbols
