"""The header of a GGUF file: its metadata by name; each tensor's name, type, shape and place.

A stranger's: each count, length, shape and place is held against the size of the file before
memory is taken, and no two tensors may share bytes. So what is read later is what the file holds.
"""

import math
import mmap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from npgpt_convert.formats.gguf.tensor_types import NAMES, TYPES
from npgpt_convert.formats.gguf.values import Reader, Value
from npgpt_core.errors import NpgptError, short_repr

MAGIC = b"GGUF"
VERSIONS = (2, 3)
ALIGNMENT = 32  # of the tensors' places, in bytes, where the metadata says no other
ALIGNMENT_KEY = "general.alignment"

MAX_HEADER = 2**25  # bytes; a vocabulary of 2**18 tokens takes 2**23
MAX_NAMES = 2**16  # of values, and of tensors
MAX_DIMENSIONS = 4

T = TypeVar("T")


@dataclass(frozen=True)
class StoredTensor:
    """A tensor in a file.

    Args:
        type: the name of its type.
        shape: rows first, as NumPy has it; the file has the reverse.
        start: its first byte in the file.
    """

    type: str
    shape: tuple[int, ...]
    start: int

    @property
    def end(self) -> int:
        """The byte after its last."""
        return self.start + TYPES[self.type].size(math.prod(self.shape))


@dataclass(frozen=True)
class Header:
    """What stands before the numbers."""

    metadata: Mapping[str, Value]
    tensors: Mapping[str, StoredTensor]


def aligned(position: int, alignment: int = ALIGNMENT) -> int:
    """The next place of a tensor, from a position on."""
    return -(-position // alignment) * alignment


def read_header(data: bytes | mmap.mmap, path: Path) -> Header:
    """Read and check the header of a file.

    Args:
        data: the file's bytes.
        path: its name, for errors.

    Raises:
        NpgptError: the header is damaged, or names a type of tensor that is not read.
    """
    return _HeaderReader(data, path).read()


class _HeaderReader:
    def __init__(self, data: bytes | mmap.mmap, path: Path) -> None:
        self._path, self._size = path, len(data)
        self._reader = Reader(data, min(len(data), MAX_HEADER), self._error)

    def read(self) -> Header:
        """All of it."""
        reader = self._reader
        if reader.take(len(MAGIC)) != MAGIC:
            raise self._error("it does not begin with GGUF")
        version = reader.integer(4)
        if version not in VERSIONS:
            raise NpgptError(
                f"{self._path} is GGUF of version {version}, expected 2 or 3, little-endian"
            )
        n_tensors, n_values = reader.integer(8), reader.integer(8)
        metadata = self._by_name(n_values, reader.value)
        claims = self._by_name(n_tensors, self._claim)
        alignment = metadata.get(ALIGNMENT_KEY, ALIGNMENT)
        if type(alignment) is not int or alignment % 8 or not 8 <= alignment <= 2**20:
            raise self._error(f"its {ALIGNMENT_KEY} is {short_repr(alignment)}")
        start = aligned(reader.position, alignment)
        tensors = {
            name: self._tensor(name, claim, start, alignment) for name, claim in claims.items()
        }
        for first, second in pairwise(sorted(tensors.values(), key=lambda tensor: tensor.start)):
            if second.start < first.end:
                raise self._error("two of its tensors share bytes")
        return Header(metadata, tensors)

    def _error(self, reason: str) -> NpgptError:
        return NpgptError(f"{self._path} is damaged or no GGUF file: {reason}")

    def _by_name(self, count: int, read: Callable[[], T]) -> dict[str, T]:
        """``count`` things, each after its name."""
        if count > MAX_NAMES:
            raise self._error(f"it claims {count:,} names, more than {MAX_NAMES:,}")
        things: dict[str, T] = {}
        for _ in range(count):
            name = self._reader.string()
            if name in things:
                raise self._error(f"it names {short_repr(name, 80)} twice")
            things[name] = read()
        return things

    def _claim(self) -> tuple[tuple[int, ...], int, int]:
        """What is said of a tensor: its shape, the number of its type, its offset."""
        dimensions = self._reader.integer(4)
        if not 1 <= dimensions <= MAX_DIMENSIONS:
            raise self._error(f"a tensor has {dimensions:,} dimensions")
        shape = tuple(self._reader.integer(8) for _ in range(dimensions))
        return shape[::-1], self._reader.integer(4), self._reader.integer(8)

    def _tensor(
        self, name: str, claim: tuple[tuple[int, ...], int, int], start: int, alignment: int
    ) -> StoredTensor:
        shape, number, offset = claim
        kind = NAMES[number] if number < len(NAMES) else f"number {number}"
        if kind not in TYPES:
            raise NpgptError(
                f"{self._path}: the tensor {short_repr(name, 80)} is of type {kind}; what is read"
                f" is {', '.join(TYPES)}. Take another quantization of this model"
            )
        tensor = StoredTensor(kind, shape, start + offset)
        if min(shape) < 1 or shape[-1] % TYPES[kind].length or offset % alignment:
            raise self._error(
                f"the tensor {short_repr(name, 80)} of type {kind} and shape {shape} at {offset:,}"
            )
        if tensor.end > self._size:
            raise self._error(
                f"the tensor {short_repr(name, 80)} ends at byte {tensor.end:,} of {self._size:,}"
            )
        return tensor
