"""The tokens of a page: the text of every id, the merges of its text, what encodes another."""

import re
from collections.abc import Mapping, Sequence
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


def encoder(tokenizer: Tokenizer) -> dict[str, Any] | None:
    """What encodes another text, from the state of a tokenizer of npgpt-tokenizers; None of others.

    ``letters`` are [character, id], ``bytes`` the ids of the 256 bytes that other characters are
    spelled with, if they are, ``merges`` [left, right, id] in the order in which they were learned,
    and ``whole`` [word, id] of those that are not merged. A char tokenizer is one without merges.
    """
    make = {"char": _char, "bpe": _learned, "byte-bpe": _learned, "pretrained-bpe": _pretrained}
    if not type(tokenizer).__module__.startswith("npgpt_tokenizers."):
        return None
    found = make.get(tokenizer.state()["tokenizer"])
    return found and found(tokenizer.state(), tokenizer.vocab_size)


def _char(state: Mapping[str, Any], size: int) -> dict[str, Any]:
    letters = state["characters"]
    first = size - len(letters)
    return _encoder([[letter, first + i] for i, letter in enumerate(letters)])


def _learned(state: Mapping[str, Any], size: int) -> dict[str, Any]:
    """The ids end with the bytes, the alphabet and the merges."""
    merge = size - len(state["merges"])
    letter = merge - len(state["alphabet"])
    byte = letter - len(state["fixed_tokens"])
    return _encoder(
        [[character, letter + i] for i, character in enumerate(state["alphabet"])],
        list(range(byte, letter)),
        [[*pair, merge + i] for i, pair in enumerate(state["merges"])],
    )


def _pretrained(state: Mapping[str, Any], size: int) -> dict[str, Any]:
    """A token is a string with a character for each byte."""
    tokens = state["tokens"]
    ids = {token: i for i, token in enumerate(tokens) if token is not None}
    whole = ids if state["ignore_merges"] else {}
    return _encoder(
        [],
        [ids.get(chr(byte)) for byte in range(256)],
        [[a, b, ids[tokens[a] + tokens[b]]] for a, b in state["merges"]],
        [
            [token.encode("latin-1").decode("utf-8", "surrogatepass"), i]
            for token, i in whole.items()
            if _is_text(token)
        ],
    )


def _is_text(token: str) -> bool:
    try:
        token.encode("latin-1").decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _encoder(
    letters: list[Any], byte_ids: Sequence[Any] = (), merges: Any = (), whole: Any = ()
) -> dict[str, Any]:
    return {"letters": letters, "bytes": byte_ids, "merges": merges, "whole": whole}
