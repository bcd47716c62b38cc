"""The state of a tokenizer: JSON values, distrusted on reading.

A state may come from anywhere. Reading takes bounded time, runs nothing, and answers whatever is
wrong with one ``NpgptError``.
"""

from collections.abc import Mapping
from itertools import chain
from typing import Any

from npgpt_core.errors import NpgptError, short_repr

FORMAT = "npgpt-tokenizer"
VERSION = 1


def headed(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The state of the tokenizer ``name``: what says whose it is, then its fields."""
    return {"format": FORMAT, "version": VERSION, "tokenizer": name, **fields}


class Fields:
    """The fields of a state of the tokenizer ``name``; each is taken once, and checked then."""

    def __init__(self, name: str, state: Mapping[str, Any]) -> None:
        self._name = name
        self._fields = dict(state) if isinstance(state, Mapping) else {}
        if self.take("format") != FORMAT:
            raise self.error(f"its format is not {FORMAT!r}")
        version = self.take("version")
        if type(version) is not int or version != VERSION:
            raise self.error(
                f"its version is {short_repr(version)}, and this npgpt reads {VERSION}"
            )
        found = self.take("tokenizer")
        if found != name:
            raise self.error(f"it is one of {short_repr(found)}")

    def error(self, reason: str) -> NpgptError:
        """The error of this state, to raise."""
        return NpgptError(
            f"this is no state of the tokenizer {self._name!r}: {reason}. Give what state() gave"
        )

    def take(self, key: str) -> Any:
        """The value of a field that must exist."""
        if key not in self._fields:
            raise self.error(f"field {key!r} is missing")
        return self._fields.pop(key)

    def mapping(self, key: str) -> dict[str, Any]:
        """A field that holds an object."""
        value = self.take(key)
        if not isinstance(value, dict):
            raise self.error(f"{key!r} must be an object")
        return value

    def strings(self, key: str) -> list[str]:
        """A field that holds a list of strings, none empty and none twice."""
        value = self.take(key)
        if not isinstance(value, list) or not all(isinstance(s, str) and s for s in value):
            raise self.error(f"{key!r} must be a list of strings that are not empty")
        if len(set(value)) != len(value):
            raise self.error(f"{key!r} holds a string twice")
        return list(value)

    def characters(self, key: str) -> list[str]:
        """A field that holds a list of single characters, none twice."""
        value = self.strings(key)
        if not all(len(character) == 1 for character in value):
            raise self.error(f"{key!r} must hold single characters")
        return value

    def pairs(self, key: str) -> list[tuple[int, int]]:
        """A field that holds a list of pairs of integers, none twice."""
        value = self.take(key)
        if not _are_pairs(value):
            raise self.error(f"{key!r} must be a list of pairs of integers")
        pairs = [(left, right) for left, right in value]
        if len(set(pairs)) != len(pairs):
            raise self.error(f"{key!r} holds a pair twice")
        return pairs

    def require_empty(self) -> None:
        """Complain of fields that nobody took."""
        if self._fields:
            raise self.error(f"field {min(map(str, self._fields))!r} is unknown")


def _are_pairs(value: object) -> bool:
    """Whether it is a list of lists of two integers; there may be 200,000 of them."""
    return (
        isinstance(value, list)
        and {*map(type, value)} <= {list}
        and {*map(len, value)} <= {2}
        and {*map(type, chain.from_iterable(value))} <= {int}
    )
