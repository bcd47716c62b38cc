"""The values of GGUF's metadata: numbers, strings, and lists of them, read from bytes and written.

Bytes from a stranger: a length is held against what is left before anything is made of it.
"""

import mmap
from collections.abc import Callable, Sequence
from struct import pack
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from npgpt_core.errors import NpgptError

Value: TypeAlias = "bool | int | float | str | Sequence[Value]"

MAX_ELEMENTS = 2**22  # of all lists; the largest vocabularies have 2**18, their merges 2**19
MAX_DEPTH = 4  # of lists in lists

NUMBERS = {
    **{0: "<u1", 1: "<i1", 2: "<u2", 3: "<i2", 4: "<u4", 5: "<i4", 6: "<f4", 7: "?"},
    **{10: "<u8", 11: "<i8", 12: "<f8"},
}
"""The types of numbers: what a file calls them, and how NumPy spells them."""

UINT32, INT32, FLOAT32, BOOL, STRING, LIST, UINT64 = 4, 5, 6, 7, 8, 9, 10


class Reader:
    """Takes one value after another from the start of a file.

    Args:
        data: the file's bytes; a slice of it is ``bytes``.
        end: where the part that may be read ends.
        error: makes the error of this file, from what is wrong.
    """

    def __init__(
        self, data: bytes | mmap.mmap, end: int, error: Callable[[str], NpgptError]
    ) -> None:
        self._data, self._end, self._error = data, end, error
        self._elements = 0
        self.position = 0

    def take(self, size: int) -> bytes:
        """The next bytes."""
        start, self.position = self.position, self.position + size
        if self.position > self._end:
            raise self._error("its header does not end where it must")
        return self._data[start : self.position]

    def integer(self, size: int) -> int:
        """A whole number of ``size`` bytes, from 0."""
        return int.from_bytes(self.take(size), "little")

    def string(self) -> str:
        """A string: its length, then its UTF-8."""
        try:
            return self.take(self.integer(8)).decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._error("a string of its header is no UTF-8") from error

    def value(self, depth: int = 0) -> Value:
        """A value, after its type.

        A float32 becomes the shortest decimal that means it: 1e-05, not 9.999999747378752e-06.
        """
        kind = self.integer(4)
        if kind == STRING:
            return self.string()
        if kind == LIST:
            return self._list(depth)
        number = self._numbers(kind, 1)[0]
        return float(str(number)) if kind == FLOAT32 else number.item()

    def _list(self, depth: int) -> list[Value]:
        kind, count = self.integer(4), self.integer(8)
        self._elements += count
        if depth == MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise self._error(f"its header holds a list of {count:,} values, or lists too deep")
        if kind == STRING:
            return [self.string() for _ in range(count)]
        if kind == LIST:
            return [self._list(depth + 1) for _ in range(count)]
        return self._numbers(kind, count).tolist()

    def _numbers(self, kind: int, count: int) -> npt.NDArray[np.generic]:
        if kind not in NUMBERS:
            raise self._error(f"a value of its header has the unknown type {kind}")
        dtype = np.dtype(NUMBERS[kind])
        return np.frombuffer(self.take(count * dtype.itemsize), dtype)


def encode_value(value: Value) -> bytes:
    """A value after its type. Whole numbers take 32 bits where they fit, and other numbers do."""
    if isinstance(value, list):
        kind = _kind(value[0]) if value else UINT32
        if kind == UINT32:
            kind = INT32  # as llama.cpp has them in lists
        return b"".join([pack("<IIQ", LIST, kind, len(value)), *(_bare(kind, v) for v in value)])
    kind = _kind(value)
    return pack("<I", kind) + _bare(kind, value)


def encode_string(text: str) -> bytes:
    """The length of a string's UTF-8, then that."""
    data = text.encode()
    return pack("<Q", len(data)) + data


def _kind(value: Value) -> int:
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return UINT32 if 0 <= value < 2**32 else UINT64 if value > 0 else INT32
    return STRING if isinstance(value, str) else FLOAT32


def _bare(kind: int, value: Value) -> bytes:
    if isinstance(value, str):
        return encode_string(value)
    return np.array(value, NUMBERS[kind]).tobytes()
