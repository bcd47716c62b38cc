"""Learning the merges of byte-pair encoding, without ever counting all pairs again.

Merging a pair changes the counts only next to its occurrences. So the learner keeps the count of
each pair and the words that hold it, visits just the words that hold the merged pair, and adds to
or takes from the counts of the neighbours. A heap offers the most frequent pair; its entries are
not updated but checked when they come up, which is enough because counts only fall: every pair
with the new symbol appears in the merge that makes the symbol.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush, heapreplace
from operator import add


def learn_merges(words: Iterable[str], counts: Iterable[int], first: int, end: int) -> list[str]:
    """The pairs that become the ids ``first``, ``first + 1``, ..., fewer than ``end`` if words end.

    Each merge takes the pair that occurs most often; of equals, that with the lowest ids, the left
    one compared before the right.

    Args:
        words: Distinct words as symbols (see ``symbols``), all below ``first``.
        counts: How often each word occurs.
        first: Id of the first merge.
        end: Id after the last merge.
    """
    learner = PairLearner(words, counts)
    pairs: list[str] = []
    for new in range(first, end):
        pair = learner.most_frequent()
        if pair is None:
            break
        learner.merge(pair, chr(new))
        pairs.append(pair)
    return pairs


class PairLearner:
    """Words with the counts of their pairs, kept true from merge to merge."""

    def __init__(self, words: Iterable[str], counts: Iterable[int]) -> None:
        self._words = list(words)
        self._counts = list(counts)
        self._pair_counts: defaultdict[str, int] = defaultdict(int)
        self._words_with: defaultdict[str, set[int]] = defaultdict(set)
        for i, (word, count) in enumerate(zip(self._words, self._counts, strict=True)):
            for pair in map(add, word, word[1:]):
                self._pair_counts[pair] += count
                self._words_with[pair].add(i)
        self._heap = [(-count, pair) for pair, count in self._pair_counts.items()]
        heapify(self._heap)

    def most_frequent(self) -> str | None:
        """The most frequent pair, the lowest of equals; None where no word has a pair left."""
        heap = self._heap
        while heap:
            claimed, pair = heap[0]
            count = self._pair_counts.get(pair, 0)
            if count == -claimed:
                return pair
            if count > 0:
                heapreplace(heap, (-count, pair))
            else:
                heappop(heap)
        return None

    def merge(self, pair: str, new: str) -> None:
        """Replace ``pair`` by the symbol ``new`` in every word, from left to right."""
        new_counts: defaultdict[str, int] = defaultdict(int)
        for i in self._words_with.pop(pair):
            pieces = self._words[i].split(pair)
            if len(pieces) == 1:  # an earlier merge took the pair's last occurrence here
                continue
            self._words[i] = new.join(pieces)
            count = self._counts[i]
            for old_pair, new_pair in _neighbours(pieces, pair, new):
                self._pair_counts[old_pair] -= count
                new_counts[new_pair] += count
                self._words_with[new_pair].add(i)
        del self._pair_counts[pair]
        self._pair_counts.update(new_counts)
        for new_pair, count in new_counts.items():
            heappush(self._heap, (-count, new_pair))


def _neighbours(pieces: list[str], pair: str, new: str) -> Iterator[tuple[str, str]]:
    """Each pair at the edge of an occurrence, as it was and as it is after the merge.

    ``pieces`` are the parts of the word between the occurrences; two occurrences may touch.
    """
    left, right = pair[0], pair[1]
    old_before = new_before = pieces[0][-1:]
    for piece in pieces[1:]:
        if old_before:
            yield old_before + left, new_before + new
        if piece:
            yield right + piece[0], new + piece[0]
            old_before = new_before = piece[-1]
        else:
            old_before, new_before = right, new
