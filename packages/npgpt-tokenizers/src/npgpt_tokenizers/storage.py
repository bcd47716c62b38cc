"""The file of a tokenizer: JSON, the same bytes for the same tokenizer, and distrusted on reading.

A file may come from anywhere. Reading takes bounded memory and time, runs nothing, and answers
whatever is wrong with one ``NpgptError`` that names the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any, NoReturn

from npgpt_core.errors import NpgptError

FORMAT = "npgpt-tokenizer"
VERSION = 1
MAX_FILE_SIZE = 64 * 2**20  # bytes; a vocabulary of a million tokens takes about a third


class Record:
    """The fields of a file that was read; each is taken once, and checked as it is taken."""

    def __init__(self, path: str | PathLike[str], fields: dict[str, Any]) -> None:
        self._path = path
        self._fields = fields

    def error(self, reason: str) -> NpgptError:
        """The error of this file, to raise."""
        return NpgptError(
            f"{fspath(self._path)} is not a tokenizer that npgpt can load: {reason}. "
            "Give a file that save() wrote, or train and save again"
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
        return value

    def characters(self, key: str) -> list[str]:
        """A field that holds a list of single characters, none twice."""
        value = self.strings(key)
        if not all(len(character) == 1 for character in value):
            raise self.error(f"{key!r} must hold single characters")
        return value

    def pairs(self, key: str) -> list[tuple[int, int]]:
        """A field that holds a list of pairs of integers, none twice."""
        value = self.take(key)
        if not isinstance(value, list) or not all(map(_is_pair, value)):
            raise self.error(f"{key!r} must be a list of pairs of integers")
        pairs = [(left, right) for left, right in value]
        if len(set(pairs)) != len(pairs):
            raise self.error(f"{key!r} holds a pair twice")
        return pairs

    def require_empty(self) -> None:
        """Complain of fields that nobody took."""
        if self._fields:
            raise self.error(f"field {min(self._fields)!r} is unknown")


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(i) is int for i in value)


def write_record(path: str | PathLike[str], name: str, fields: Mapping[str, Any]) -> None:
    """Write ``fields`` for the tokenizer ``name``: one line a field, in ASCII."""
    record = {"format": FORMAT, "version": VERSION, "tokenizer": name, **fields}
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in record.items()]
    data = ("{\n" + ",\n".join(lines) + "\n}\n").encode("ascii")
    if len(data) > MAX_FILE_SIZE:
        raise NpgptError(
            f"this tokenizer takes {len(data)} bytes and a file may have {MAX_FILE_SIZE}: "
            "train with a smaller vocab_size"
        )
    try:
        with open(path, "wb") as file:
            file.write(data)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise NpgptError(
            f"cannot write a tokenizer to {fspath(path)!r}: {error}. "
            "Give a file in a folder that exists"
        ) from error


def read_record(path: str | PathLike[str], name: str) -> Record:
    """The fields that ``write_record`` wrote for the tokenizer ``name``."""
    fields = _parse(path, _read(path))
    record = Record(path, fields if isinstance(fields, dict) else {})
    if record.take("format") != FORMAT:
        raise record.error(f"its format is not {FORMAT!r}")
    version = record.take("version")
    if type(version) is not int or version != VERSION:
        raise record.error(f"its version is {version!r:.40}, and this npgpt reads {VERSION}")
    found = record.take("tokenizer")
    if found != name:
        raise record.error(f"it holds the tokenizer {found!r:.80}, and {name!r} was asked for")
    return record


def _read(path: str | PathLike[str]) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE_SIZE + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise NpgptError(
            f"cannot read a tokenizer from {fspath(path)!r}: {error}. Give a file that save() wrote"
        ) from error
    if len(data) > MAX_FILE_SIZE:
        raise Record(path, {}).error(f"it is larger than {MAX_FILE_SIZE} bytes")
    return data


def _parse(path: str | PathLike[str], data: bytes) -> Any:
    try:
        return json.loads(
            data.decode("utf-8"), object_pairs_hook=_distinct_keys, parse_constant=_refuse_constant
        )
    except RecursionError:
        reason = "it is nested too deeply"
    except ValueError as error:  # not UTF-8, not JSON, a key twice, a number of absurd length
        reason = f"{error}"[:200]
    raise Record(path, {}).error(reason)


def _distinct_keys(items: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(items)
    if len(fields) != len(items):
        raise ValueError("a key occurs twice")
    return fields


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
