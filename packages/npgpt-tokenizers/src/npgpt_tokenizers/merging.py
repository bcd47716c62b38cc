"""Applying learned merges to a word: repeatedly the one that was learned first, until none fits.

Two ways to the same result: for usual words, a list of what each pair would become, and its
minimum for each merge; for the rare long word, where that would take quadratic time, a heap of
places and a linked list. Words are strings of symbols (see ``symbols``). The rank of a merge is its
place in the order of learning, and the merge to apply is the one with the lowest.
"""

from collections.abc import Iterator, Mapping
from heapq import heapify, heappop, heappush
from operator import add

from npgpt_tokenizers.symbols import Spelling

LONG_WORD = 64  # symbols
CACHE_SIZE = 2**17  # words


class PairMerges:
    """The merges of a vocabulary.

    Args:
        merges: Pair of symbols -> the symbol that it becomes, in the order of learning.
    """

    def __init__(self, merges: Mapping[str, str]) -> None:
        self._rank_of = {pair: rank for rank, pair in enumerate(merges)}
        self._symbol_of = list(merges.values())
        self._none = len(merges)  # the rank of a pair that is not merged

    def apply(self, word: str) -> str:
        """The word after all merges."""
        return self._apply_short(word) if len(word) <= LONG_WORD else self._apply_long(word)

    def _apply_short(self, word: str) -> str:
        """Merge the pair of the lowest rank, the leftmost of equals, and look again beside it."""
        rank_of, none = self._rank_of.get, self._none
        symbols = list(word)
        ranks = [rank_of(pair, none) for pair in map(add, word, word[1:])]
        while ranks and (rank := min(ranks)) != none:
            place = ranks.index(rank)
            symbols[place : place + 2] = [symbol := self._symbol_of[rank]]
            del ranks[place]
            if place > 0:
                ranks[place - 1] = rank_of(symbols[place - 1] + symbol, none)
            if place < len(ranks):
                ranks[place] = rank_of(symbol + symbols[place + 1], none)
        return "".join(symbols)

    def _apply_long(self, word: str) -> str:
        """The same merges in the same order, from a heap: O(n log n)."""
        rank_of = self._rank_of.get
        symbols = [*word, ""]  # a merged symbol stands at its first place, "" at the others
        following = list(range(1, len(symbols) + 1))
        preceding = list(range(-1, len(symbols) - 1))
        heap = [
            (rank, place)
            for place, pair in enumerate(map(add, word, word[1:]))
            if (rank := rank_of(pair)) is not None
        ]
        heapify(heap)
        while heap:
            rank, place = heappop(heap)
            after = following[place]
            if rank_of(symbols[place] + symbols[after]) != rank:
                continue  # an earlier merge took a part of the pair
            symbols[place], symbols[after] = self._symbol_of[rank], ""
            after = following[place] = following[after]
            before = preceding[place]
            preceding[after] = place
            for left, right in ((before, place), (place, after)):
                if (rank := rank_of(symbols[left] + symbols[right])) is not None:
                    heappush(heap, (rank, left))
        return "".join(symbols)

    def stages(self, word: str) -> Iterator[str]:
        """The word before any merge, and after each: only to look at, it takes quadratic time."""
        rank_of, none = self._rank_of.get, self._none
        while True:
            yield word
            ranks = [rank_of(pair, none) for pair in map(add, word, word[1:])]
            rank = min(ranks, default=none)
            if rank == none:
                return
            place = ranks.index(rank)
            word = word[:place] + self._symbol_of[rank] + word[place + 2 :]


class WordCache(dict[str, str]):
    """Word -> its symbols after all merges, computed when first asked for.

    Looking a word up is all that encoding has to do for each word of a text. Memory is bounded:
    long words are not kept, nor any once there are ``CACHE_SIZE``.
    """

    def __init__(self, spelling: Spelling, merges: PairMerges) -> None:
        self._spelling = spelling
        self._merges = merges

    def __missing__(self, word: str) -> str:
        symbols = self._merged(word)
        if len(word) <= LONG_WORD and len(self) < CACHE_SIZE:
            self[word] = symbols
        return symbols

    def _merged(self, word: str) -> str:
        return self._merges.apply(word.translate(self._spelling))

    def stages(self, word: str) -> Iterator[str]:
        """The symbols of a word before any merge, and after each."""
        return self._merges.stages(word.translate(self._spelling))


class WholeWordCache(WordCache):
    """The same for a vocabulary that takes a word which is a token at once, and merges the others.

    Args:
        spelling: Characters as symbols.
        merges: Of the vocabulary.
        ids: UTF-8 of a token -> its id.
    """

    def __init__(self, spelling: Spelling, merges: PairMerges, ids: Mapping[bytes, int]) -> None:
        super().__init__(spelling, merges)
        self._ids = ids

    def _merged(self, word: str) -> str:
        i = self._ids.get(word.encode("utf-8", "surrogatepass"))
        return super()._merged(word) if i is None else chr(i)

    def stages(self, word: str) -> Iterator[str]:
        """The symbols of a word before any merge, and after each; a whole word has one more."""
        symbols, whole = word.translate(self._spelling), self._merged(word)
        if len(whole) > 1:
            yield from self._merges.stages(symbols)
        else:
            yield from [symbols, whole][symbols == whole :]
