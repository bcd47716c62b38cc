r"""What pretrained vocabularies call a word, by name; a file's own pattern is never executed.

- ``gpt2``: see ``split``.
- ``smollm``: the same, but each digit is a word, and so it ends the white space before it.
- ``llama3``: a contraction in either case; letters with at most one other sign before them; up to
  three digits; other signs and the line ends after them; white space up to a line end.
- ``qwen2``: the same, but each digit is a word.
- ``cl100k`` (GPT-4): as ``llama3``, but white space at the end of a text is one word.
- ``o200k`` (GPT-4o): as ``llama3``, but capitals begin a word, and a contraction belongs to it.

Each is what the vocabulary's makers publish: OpenAI in tiktoken, the others in their
``tokenizer.json``. That of ``smollm`` stands there as two patterns, one after the other.
"""

from collections.abc import Mapping
from types import MappingProxyType

import regex  # type: ignore[import-untyped, unused-ignore]

from npgpt_tokenizers.split import GPT2_WORD

_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"

PATTERNS: Mapping[str, regex.Pattern[str]] = MappingProxyType(
    {
        "gpt2": GPT2_WORD,
        "smollm": regex.compile(
            r"\p{N}|'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?![^\s\p{N}])|\s+"
        ),
        "llama3": regex.compile(
            rf"{_CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}"
            r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        ),
        "qwen2": regex.compile(
            rf"{_CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}"
            r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        ),
        "cl100k": regex.compile(
            rf"{_CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}"
            r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+\Z|\s*[\r\n]+|\s+(?!\S)|\s+"
        ),
        "o200k": regex.compile(
            rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_CONTRACTION}?"
            rf"|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_CONTRACTION}?"
            r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        ),
    }
)
