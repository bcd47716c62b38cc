"""Tokenizers of npgpt: text to ids and back, by characters, words, or byte-pair encoding."""

from typing import TYPE_CHECKING

from npgpt_core.lazy import lazy_names

if TYPE_CHECKING:
    from npgpt_tokenizers.bpe import BPETokenizer as BPETokenizer
    from npgpt_tokenizers.byte_bpe import ByteBPETokenizer as ByteBPETokenizer
    from npgpt_tokenizers.char import CharTokenizer as CharTokenizer
    from npgpt_tokenizers.word import WordTokenizer as WordTokenizer

__version__ = "0.1.0"

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "BPETokenizer": ".bpe",
        "ByteBPETokenizer": ".byte_bpe",
        "CharTokenizer": ".char",
        "WordTokenizer": ".word",
    },
)
