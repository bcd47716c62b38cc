"""Where npgpt finds the tokenizers of this package."""

from npgpt_core import hookimpl


@hookimpl
def npgpt_tokenizers() -> dict[str, str]:
    """Name on the command line -> class."""
    return {
        "char": "npgpt_tokenizers.char:CharTokenizer",
        "word": "npgpt_tokenizers.word:WordTokenizer",
        "bpe": "npgpt_tokenizers.bpe:BPETokenizer",
        "byte-bpe": "npgpt_tokenizers.byte_bpe:ByteBPETokenizer",
        "pretrained-bpe": "npgpt_tokenizers.pretrained_bpe:PretrainedBPETokenizer",
    }
