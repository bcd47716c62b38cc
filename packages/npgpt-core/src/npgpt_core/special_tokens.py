"""What the special tokens of a tokenizer must be: a run and the contract kit ask the same."""

from collections.abc import Mapping

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.numbers import is_whole
from npgpt_core.protocols import Tokenizer

SPECIAL_IDS = ("pad_id", "unk_id", "bos_id", "eos_id")
"""The special tokens whose meaning npgpt knows, as attributes of a tokenizer."""


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
