"""Arrays of a file of the form safetensors, read one by one: https://github.com/huggingface/safetensors.

The file may be a stranger's. Whatever it claims is checked before memory is taken for it: its
arrays stand one after the other and fill it. ``arrays_file`` writes such files.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.numbers import is_whole
from npgpt_core.types import Array
from npgpt_train.machine.arrays_file import DTYPES
from npgpt_train.machine.disk import Folder
from npgpt_train.machine.json_text import parse_json

MAX_HEADER = 16 * 2**20  # bytes, of JSON
MAX_DIMENSIONS = 8
READ_AS = {dtype: np.dtype(name).newbyteorder("<") for name, dtype in DTYPES.items()} | {
    "BF16": np.dtype("<u2"),
    "F8_E4M3": np.dtype("u1"),
    "F8_E5M2": np.dtype("u1"),
}
"""Types -> how NumPy reads them: those that it has not as their bits."""


@dataclass(frozen=True)
class StoredArray:
    """An array in a file, which takes memory only when it is read.

    Args:
        folder: of the file.
        file: its name in it.
        name: of the array.
        dtype: a key of ``READ_AS``.
        shape: of the array.
        start: where its first byte is.
    """

    folder: Folder
    file: str
    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int

    @property
    def nbytes(self) -> int:
        """How many bytes it takes."""
        return READ_AS[self.dtype].itemsize * math.prod(self.shape)

    def read(self) -> Array:
        """The numbers, of the type in ``READ_AS``."""
        numbers = np.empty(self.shape, READ_AS[self.dtype])
        self.read_into(numbers)
        return numbers

    def read_into(self, array: Array) -> None:
        """Write the numbers into an array of this shape, without a copy if the types are equal.

        Raises:
            NpgptError: the file changed since its header was read.
        """
        if not (array.dtype == READ_AS[self.dtype] and array.flags.c_contiguous):
            array[...] = self.read()
            return
        with self.folder.open(self.file) as file:
            file.seek(self.start)
            if file.readinto(array.reshape(-1).view(np.uint8).data) != self.nbytes:
                raise NpgptError(f"{self.folder.path / self.file} changed while it was read")


def stored_arrays(folder: Folder, name: str) -> dict[str, StoredArray]:
    """The arrays of a file by their names; only its header is read yet.

    Raises:
        NpgptError: the file cannot be read, or is no whole safetensors file.
    """
    path = folder.path / name
    with folder.open(name) as file:
        size = file.seek(0, 2)
        file.seek(0)
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, MAX_HEADER):
            raise NpgptError(f"{path} is damaged: a header of {length:,} bytes in {size:,}")
        data = file.read(length)
    try:
        header = parse_json(data)
        if not isinstance(header, dict):
            raise NpgptError("its header is no JSON object")
        header.pop("__metadata__", None)
        arrays = [_stored(folder, name, key, value, 8 + length) for key, value in header.items()]
        _require_no_gaps(arrays, 8 + length, size)
    except (ValueError, RecursionError, NpgptError) as error:
        raise NpgptError(f"{path} is damaged: {error}") from error
    return {array.name: array for array in arrays}


def _stored(folder: Folder, file: str, name: str, given: Any, start: int) -> StoredArray:
    """An array as the header describes it; offsets are from ``start``."""
    known: Mapping[str, Any] = given if isinstance(given, dict) else {}
    dtype = known.get("dtype")
    shape, offsets = _sizes(known.get("shape")), _sizes(known.get("data_offsets"))
    if shape is None or offsets is None or len(offsets) != 2 or dtype not in list(READ_AS):
        raise NpgptError(f"the tensor {name!r:.100} is {given!r:.100}")
    array = StoredArray(folder, file, name, dtype, shape, start + offsets[0])
    if offsets[1] - offsets[0] != array.nbytes:
        raise NpgptError(
            f"the tensor {name!r:.100} has {offsets[1] - offsets[0]:,} bytes,"
            f" expected {array.nbytes:,}"
        )
    return array


def _sizes(value: Any) -> tuple[int, ...] | None:
    """A short list of numbers from 0; None if it is none."""
    sound = isinstance(value, list) and len(value) <= MAX_DIMENSIONS
    sound = sound and all(is_whole(item) and item >= 0 for item in value)
    return tuple(value) if sound else None


def _require_no_gaps(arrays: list[StoredArray], start: int, size: int) -> None:
    """The arrays follow one another from ``start`` to the end of the file."""
    end = start
    for array in sorted(arrays, key=lambda array: (array.start, array.nbytes)):
        if array.start != end:
            raise NpgptError(
                f"the tensor {array.name!r:.100} begins at {array.start:,}, not at {end:,}"
            )
        end += array.nbytes
    if end != size:
        raise NpgptError(f"its tensors end at {end:,} of {size:,} bytes")
