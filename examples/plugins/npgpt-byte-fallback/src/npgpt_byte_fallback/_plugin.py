"""Where npgpt finds the tokenizer of this package."""

from npgpt_core import hookimpl

NPGPT_PLUGIN_API = 2


@hookimpl
def npgpt_tokenizers() -> dict[str, str]:
    """Name on the command line -> class."""
    return {"bpe-byte-fallback": "npgpt_byte_fallback.tokenizer:ByteFallbackBPETokenizer"}
