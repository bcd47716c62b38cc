"""The tokens of a page: the text of every id, and the merges of its text."""

import re
from typing import Any

from npgpt_core.protocols import Tokenizer
from npgpt_core.types import Ids
from npgpt_train.explain.tokens import token, visible
from npgpt_train.run.sample import suppressed_ids


def vocabulary(tokenizer: Tokenizer) -> dict[str, Any]:
    """The visible text of every id, which are special or never drawn, and what a word is."""
    return {
        "texts": [visible(token(tokenizer, i).text) for i in range(tokenizer.vocab_size)],
        "special": sorted(set(tokenizer.special_tokens.values())),
        "suppressed": suppressed_ids(tokenizer),
        "unknown": tokenizer.unk_id,
        "pattern": _javascript(getattr(tokenizer, "word_pattern", None)),
    }


def _javascript(pattern: str | None) -> str | None:
    r"""A pattern of Python's as one of JavaScript's, which has no ``(?i:...)`` and no ``\Z``."""
    if pattern is None:
        return None

    def any_case(found: re.Match[str]) -> str:
        return f"(?:{re.sub('[a-z]', lambda c: f'[{c[0]}{c[0].upper()}]', found[1])})"

    return re.sub(r"\(\?i:([^)]*)\)", any_case, pattern).replace(r"\Z", "$")


def merge_stages(tokenizer: Any, text: str, ids: Ids) -> list[list[list[int]]] | None:
    """The ids of each word of a text before any merge, and after each; None without merges.

    The words are the last, that make up ``ids``: those before are not seen by the model.
    """
    if not hasattr(tokenizer, "merge_stages"):
        return None
    words = [[list(map(int, stage)) for stage in word] for word in tokenizer.merge_stages(text)]
    kept, seen = [], 0
    for word in reversed(words):
        if seen >= len(ids):
            break
        seen += len(word[-1])
        kept.append(word)
    return kept[::-1]
