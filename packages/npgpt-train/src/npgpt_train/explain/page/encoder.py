"""What a page encodes another text with: the letters, bytes and merges of a tokenizer."""

from collections.abc import Mapping, Sequence
from typing import Any

from npgpt_core.protocols import Tokenizer


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
        [[text, i] for token, i in whole.items() if (text := _text(token)) is not None],
    )


def _text(token: str) -> str | None:
    """What the bytes of a token spell; None of a part of a character."""
    try:
        return token.encode("latin-1").decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None


def _encoder(
    letters: list[Any], byte_ids: Sequence[Any] = (), merges: Any = (), whole: Any = ()
) -> dict[str, Any]:
    return {"letters": letters, "bytes": byte_ids, "merges": merges, "whole": whole}
