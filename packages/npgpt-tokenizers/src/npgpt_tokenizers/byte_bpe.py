"""Byte-pair encoding whose alphabet is the 256 bytes: no text is out of its reach.

Radford et al., "Language Models are Unsupervised Multitask Learners", 2019 (GPT-2). A character of
UTF-8 is one to four bytes, so an alphabet of 256 spells every text, and there is no ``<unk>``.
"""

from collections.abc import Iterable, Mapping, Sequence

from npgpt_tokenizers.base import SPECIAL_TOKENS
from npgpt_tokenizers.bpe import BPETokenizer


class ByteBPETokenizer(BPETokenizer):
    """Byte-pair encoding of UTF-8 bytes, learned within words as GPT-2 splits them.

    Lossless on every string, lone surrogates included. The ids 4 to 259 are the bytes, the rest
    merges: each takes the most frequent pair and, of equals, that with the lowest ids. Ids that
    spell no UTF-8 decode to U+FFFD.

    Args:
        vocab_size: Most ids there may be, the four special tokens and the 256 bytes included.
    """

    name = "byte-bpe"

    def fixed_tokens(self) -> Mapping[str, bytes]:
        """The 256 bytes, labelled ``<0x00>`` to ``<0xFF>``."""
        return {f"<0x{byte:02X}>": bytes([byte]) for byte in range(256)}

    def learn_alphabet(self, word_counts: Mapping[str, int]) -> Sequence[str]:
        """No character has a token of its own: all are spelled in bytes."""
        return ()

    def spell_unknown(self, character: str) -> Iterable[int]:
        """The ids of the character's bytes in UTF-8."""
        return [len(SPECIAL_TOKENS) + byte for byte in character.encode("utf-8", "surrogatepass")]
