"""Checks of a vocabulary that was given and not learned: nothing in it may contradict the rest.

It may come from a stranger's file, by way of a state or of a reader of npgpt-convert.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.numbers import is_whole
from npgpt_tokenizers.checks import check_integer
from npgpt_tokenizers.symbols import MAX_VOCAB_SIZE


def check_tokens(tokens: Sequence[Any]) -> dict[bytes, int]:
    """Bytes -> id of tokens that are bytes, none empty and none twice, or None."""
    if not 1 <= len(tokens) <= MAX_VOCAB_SIZE:
        raise NpgptError(f"{len(tokens):,} tokens: give 1 to {MAX_VOCAB_SIZE:,}")
    ids: dict[bytes, int] = {}
    for i, token in enumerate(tokens):
        if token is None:
            continue
        if not isinstance(token, bytes) or not token:
            raise NpgptError(f"the token {i} is {short_repr(token)}: give its bytes, or None")
        if (first := ids.setdefault(token, i)) != i:
            raise NpgptError(f"the tokens {first} and {i} are both {short_repr(token)}")
    return ids


def check_special_tokens(
    special_tokens: Mapping[Any, Any], tokens: Sequence[bytes | None]
) -> dict[str, int]:
    """Spelling -> id, where every id has one spelling and no bytes."""
    if not isinstance(special_tokens, Mapping):
        raise NpgptError(
            f"special_tokens={short_repr(special_tokens)}: give a mapping of spellings to ids"
        )
    owner: dict[int, str] = {}
    for spelling, value in special_tokens.items():
        if not isinstance(spelling, str) or not spelling:
            raise NpgptError(
                f"the special token {short_repr(spelling)} is no spelling: give a string"
            )
        i = check_integer(f"special token {short_repr(spelling)}", value, 0, len(tokens) - 1)
        if tokens[i] is not None:
            raise NpgptError(
                f"the id {i} is that of the special token {short_repr(spelling)} and of the token"
                f" {short_repr(tokens[i])}: give None as its bytes"
            )
        if owner.setdefault(i, spelling) != spelling:
            raise NpgptError(
                f"the special tokens {short_repr(owner[i])} and {short_repr(spelling)}"
                f" both have the id {i}"
            )
    return {spelling: i for i, spelling in owner.items()}


def check_special_id(name: str, i: Any, special_tokens: Mapping[str, int]) -> int | None:
    """``i`` as an int, where it is the id of a special token; None is kept."""
    if i is None:
        return None
    if not is_whole(i) or i not in special_tokens.values():
        raise NpgptError(f"{name}={short_repr(i)}: give the id of a special token, or None")
    return int(i)


def merged_symbols(
    merges: Iterable[Any], tokens: Sequence[bytes | None], ids: Mapping[bytes, int]
) -> dict[str, str]:
    """Pair of symbols -> symbol (see ``symbols``) of pairs of ids; two tokens make a third."""
    merged = {}
    for pair in merges:
        try:
            left, right = pair
            if min(left, right) < 0:
                raise IndexError
            whole = tokens[left] + tokens[right]
            symbols, symbol = chr(left) + chr(right), chr(ids[whole])
        except KeyError:
            raise NpgptError(
                f"the merge {short_repr(pair)} makes {short_repr(whole)}, which is no token"
            ) from None
        except (IndexError, TypeError, ValueError):
            raise NpgptError(
                f"the merge {short_repr(pair)} is no pair of two tokens' ids"
            ) from None
        if symbols in merged:
            raise NpgptError(f"the merge {short_repr(pair)} is there twice: give it once")
        merged[symbols] = symbol
    return merged
