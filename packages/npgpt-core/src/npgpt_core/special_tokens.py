"""Special tokens: what those of a tokenizer must be, and a text that holds some.

A run and the contract kit ask the same of them.
"""

import re
from collections.abc import Mapping

import numpy as np

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.numbers import is_whole
from npgpt_core.protocols import Tokenizer
from npgpt_core.types import Ids

SPECIAL_IDS = ("pad_id", "unk_id", "bos_id", "eos_id")
"""The special tokens whose meaning npgpt knows, as attributes of a tokenizer."""


def encode_text(tokenizer: Tokenizer, text: str, *, special_tokens: bool = False) -> Ids:
    """Ids (n,) of a text in which, if asked for, the spelling of a special token is that token.

    Ask for it only where the author of the whole text may decide that: ``tokenizer.encode`` makes
    no text a special token, so that nobody can end a text, or speak for somebody else, by spelling
    one. Of two spellings that begin at one place the longer counts.
    """
    tokens = tokenizer.special_tokens if special_tokens else {}
    spellings = sorted(tokens, key=len, reverse=True)
    pieces = re.split(f"({'|'.join(map(re.escape, spellings))})", text) if tokens else [text]
    ids: list[int] = []
    for number, piece in enumerate(pieces):  # text and special tokens take turns
        ids.extend([tokens[piece]] if number % 2 else tokenizer.encode(piece))
    return np.array(ids, np.int64)


def require_special_tokens(tokenizer: Tokenizer) -> None:
    """Make sure that ``special_tokens`` of a trained tokenizer maps spellings to ids of their own.

    Raises:
        NpgptError: it does not, or an id is not below ``vocab_size``.
    """
    tokens = tokenizer.special_tokens
    if not (
        isinstance(tokens, Mapping)
        and all(isinstance(spelling, str) and spelling for spelling in tokens)
        and all(is_whole(i) and 0 <= i < tokenizer.vocab_size for i in tokens.values())
        and len(set(tokens.values())) == len(tokens)
    ):
        raise NpgptError(
            f"special_tokens of {type(tokenizer).__name__} is {short_repr(tokens, 200)}, expected a"
            f" dict of each spelling to another id below {tokenizer.vocab_size}, such as"
            " {'<eos>': 0}, or an empty one"
        )


def require_special_ids(tokenizer: Tokenizer) -> None:
    """Make sure that ``pad_id`` and so on are ids of special tokens, or None.

    Raises:
        NpgptError: one is something else.
    """
    known = list(tokenizer.special_tokens.values())
    for name in SPECIAL_IDS:
        i = getattr(tokenizer, name)
        if i is not None and not (is_whole(i) and i in known):
            raise NpgptError(
                f"{name} of {type(tokenizer).__name__} is {short_repr(i)}, expected None or one of"
                f" the ids of its special tokens, {known}"
            )
