"""A model of single characters: a baseline, and the price of what a tokenizer loses.

Every character has the probability of its share of the training split; one that does not occur
there costs an escape and then its code point. A spelled word ends with a stop symbol, which is as
frequent as there are words.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable

CODE_POINTS = math.log2(0x110000)  # bits of any character at all
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")  # letters, with apostrophes inside


class CharacterModel:
    """Unigram probabilities of characters, learned from texts; all costs are in bits.

    Args:
        texts: the training split, in pieces.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.counts: Counter[str] = Counter()
        self.words = 0
        for text in texts:
            self.counts.update(text)
            self.words += sum(1 for _ in WORD.finditer(text))
        self.total = self.counts.total()

    @property
    def uniform_bits(self) -> float:
        """Bits of a character if all that occur are equally likely."""
        return math.log2(max(len(self.counts), 1))

    def bits(self, text: str) -> float:
        """Bits of a text of known length."""
        return self._bits(text, self.total + 1)

    def spelling_bits(self, word: str) -> float:
        """Bits of a word whose end is not known: its characters, and the stop symbol."""
        total = self.total + 1 + self.words
        return self._bits(word, total) + math.log2(total / max(self.words, 1))

    def _bits(self, text: str, total: int) -> float:
        bits = 0.0
        for character, times in Counter(text).items():
            count = self.counts[character]
            cost = math.log2(total / count) if count else math.log2(total) + CODE_POINTS
            bits += times * cost
        return bits

    def case_bits(self, text: str) -> float:
        """Bits to restore the case of every letter of ``text`` after it was lowercased."""
        bits = 0.0
        for character, times in Counter(text).items():
            other = character.swapcase()
            if len(other) == 1 and other != character:
                own, both = self.counts[character] + 1, self.counts[other] + 1
                bits += times * math.log2((own + both) / own)
        return bits
