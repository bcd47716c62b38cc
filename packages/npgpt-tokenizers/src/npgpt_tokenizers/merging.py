"""Applying learned merges to a word: repeatedly the one that was learned first, until none fits.

Two ways to the same result: for usual words, a list of what each pair would become, and its
minimum for each merge; for the rare long word, where that would take quadratic time, a heap of
places and a linked list. Words are strings of symbols (see ``symbols``). A merge that was learned
earlier makes the lower id, so the merge to apply is the one whose new symbol is the least.
"""

import sys
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush
from operator import add

from npgpt_tokenizers.symbols import Spelling

LONG_WORD = 64  # symbols
CACHE_SIZE = 2**17  # words

_NONE = chr(sys.maxunicode)  # what no pair becomes: ids end before it


class PairMerges:
    """The merges of a vocabulary.

    Args:
        pairs: Pairs of symbols in the order they were learned.
        first: Id that the first pair becomes; the others follow.
    """

    def __init__(self, pairs: Sequence[str], first: int) -> None:
        self._symbol_of = {pair: chr(i) for i, pair in enumerate(pairs, start=first)}

    def apply(self, word: str) -> str:
        """The word after all merges."""
        return self._apply_short(word) if len(word) <= LONG_WORD else self._apply_long(word)

    def _apply_short(self, word: str) -> str:
        """Merge the lowest symbol, the leftmost of equals, and look again at its neighbours."""
        symbol_of = self._symbol_of.get
        symbols = list(word)
        merged = [symbol_of(pair, _NONE) for pair in map(add, word, word[1:])]
        while merged and (symbol := min(merged)) != _NONE:
            place = merged.index(symbol)
            symbols[place : place + 2] = [symbol]
            del merged[place]
            if place > 0:
                merged[place - 1] = symbol_of(symbols[place - 1] + symbol, _NONE)
            if place < len(merged):
                merged[place] = symbol_of(symbol + symbols[place + 1], _NONE)
        return "".join(symbols)

    def _apply_long(self, word: str) -> str:
        """The same merges in the same order, from a heap: O(n log n)."""
        symbol_of = self._symbol_of.get
        symbols = [*word, ""]  # a merged symbol stands at its first place, "" at the others
        following = list(range(1, len(symbols) + 1))
        preceding = list(range(-1, len(symbols) - 1))
        heap = [
            (symbol, place)
            for place, pair in enumerate(map(add, word, word[1:]))
            if (symbol := symbol_of(pair))
        ]
        heapify(heap)
        while heap:
            symbol, place = heappop(heap)
            after = following[place]
            if symbol_of(symbols[place] + symbols[after]) != symbol:
                continue  # an earlier merge took a part of the pair
            symbols[place], symbols[after] = symbol, ""
            after = following[place] = following[after]
            before = preceding[place]
            preceding[after] = place
            for left, right in ((before, place), (place, after)):
                if candidate := symbol_of(symbols[left] + symbols[right]):
                    heappush(heap, (candidate, left))
        return "".join(symbols)

    def stages(self, word: str) -> Iterator[str]:
        """The word before any merge, and after each: only to look at, it takes quadratic time."""
        symbol_of = self._symbol_of.get
        while True:
            yield word
            merged = [symbol_of(pair, _NONE) for pair in map(add, word, word[1:])]
            symbol = min(merged, default=_NONE)
            if symbol == _NONE:
                return
            place = merged.index(symbol)
            word = word[:place] + symbol + word[place + 2 :]


class WordCache(dict[str, str]):
    """Word -> its symbols after all merges, computed when first asked for.

    Looking a word up is all that encoding has to do for each word of a text. Memory is bounded:
    long words are not kept, nor any once there are ``CACHE_SIZE``.
    """

    def __init__(self, spelling: Spelling, merges: PairMerges) -> None:
        self._spelling = spelling
        self._merges = merges

    def __missing__(self, word: str) -> str:
        symbols = self._merges.apply(word.translate(self._spelling))
        if len(word) <= LONG_WORD and len(self) < CACHE_SIZE:
            self[word] = symbols
        return symbols

    def stages(self, word: str) -> Iterator[str]:
        """The symbols of a word before any merge, and after each."""
        return self._merges.stages(word.translate(self._spelling))
