"""Byte-pair encoding that spells in bytes what its alphabet lacks.

Kudo and Richardson, "SentencePiece: A simple and language independent subword tokenizer", 2018,
https://arxiv.org/abs/1808.06226, with ``--byte_fallback``; Touvron et al., "LLaMA", 2023,
https://arxiv.org/abs/2302.13971: "fallback to bytes to decompose unknown UTF-8 characters".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from npgpt_core import NpgptError
from npgpt_tokenizers import BPETokenizer


class ByteFallbackBPETokenizer(BPETokenizer):
    """Byte-pair encoding of characters; one outside the alphabet becomes its bytes in UTF-8.

    Lossless on every string, lone surrogates included, and never ``<unk>``. The ids 4 to 259 are
    the bytes ``<0x00>`` to ``<0xFF>``, then come the alphabet and the merges.

    Args:
        vocab_size: Most ids there may be, the special tokens, bytes and alphabet included.
        character_coverage: Share of the training text that the alphabet makes up at least; the
            rarest characters beyond it are spelled in bytes.
    """

    name = "bpe-byte-fallback"

    def __init__(self, *, vocab_size: int = 6551, character_coverage: float = 0.9995) -> None:
        if not 0 <= character_coverage <= 1:
            raise NpgptError(f"character_coverage is {character_coverage!r}, expected 0 to 1")
        self.character_coverage = character_coverage
        super().__init__(vocab_size=vocab_size)

    def options(self) -> dict[str, Any]:
        """The keyword arguments that made this tokenizer."""
        return {**super().options(), "character_coverage": self.character_coverage}

    def fixed_tokens(self) -> Mapping[str, bytes]:
        """The 256 bytes, labelled as SentencePiece labels them."""
        return {f"<0x{byte:02X}>": bytes([byte]) for byte in range(256)}

    def learn_alphabet(self, word_counts: Mapping[str, int]) -> Sequence[str]:
        """The most frequent characters, as many as cover enough of the text; sorted."""
        counts: Counter[str] = Counter()
        for word, count in word_counts.items():
            for character in word:
                counts[character] += count
        enough = self.character_coverage * counts.total()
        alphabet, covered = [], 0
        for character in sorted(counts, key=lambda c: (-counts[c], c)):
            if covered >= enough:
                break
            alphabet.append(character)
            covered += counts[character]
        return sorted(alphabet)

    def spell_unknown(self, character: str) -> Iterable[int]:
        """The ids of the character's bytes; the fixed tokens follow the special ones."""
        first = len(self.special_tokens)
        return [first + byte for byte in character.encode("utf-8", "surrogatepass")]
