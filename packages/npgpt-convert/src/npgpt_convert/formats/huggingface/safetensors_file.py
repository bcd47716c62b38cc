"""A safetensors file of a stranger, read tensor by tensor: https://github.com/huggingface/safetensors.

The library's reader for NumPy knows no bfloat16. Whatever the file claims is checked before memory
is taken for it: its tensors stand one after the other and fill it.
"""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from npgpt_convert.bfloat16 import from_bfloat16
from npgpt_convert.foreign import Tensor
from npgpt_core.errors import NpgptError
from npgpt_core.numbers import is_whole
from npgpt_core.types import Array
from npgpt_train.machine.disk import Folder
from npgpt_train.machine.json_text import parse_json

MAX_HEADER = 16 * 2**20  # bytes, of JSON
MAX_DIMENSIONS = 8
READ_AS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
"""Types of weights -> how NumPy reads them."""
BYTES = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "I16": 2, "U16": 2} | {
    "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8
}  # fmt: skip
"""Types -> bytes of a number."""


class Entry(NamedTuple):
    """Where a tensor stands in a file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    size: int


def read_tensors(folder: Folder, name: str) -> dict[str, Tensor]:
    """The tensors of a file, of which only the header is read yet.

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
        entries = _entries(parse_json(data), 8 + length, size)
    except (ValueError, RecursionError, NpgptError) as error:
        raise NpgptError(f"{path} is damaged: {error}") from error
    return {
        tensor: Tensor(entry.shape, partial(_read, folder, name, tensor, entry))
        for tensor, entry in entries.items()
    }


def _entries(header: Any, start: int, size: int) -> dict[str, Entry]:
    """The tensors that a header names, which follow it without gaps until ``size``."""
    if not isinstance(header, dict):
        raise NpgptError("its header is no JSON object")
    given = {name: entry for name, entry in header.items() if name != "__metadata__"}
    entries = {name: _entry(name, entry, start) for name, entry in given.items()}
    end = start
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].size)):
        if entry.start != end:
            raise NpgptError(f"the tensor {name!r:.100} begins at {entry.start:,}, not at {end:,}")
        end += entry.size
    if end != size:
        raise NpgptError(f"its tensors end at {end:,} of {size:,} bytes")
    return entries


def _entry(name: str, given: Any, start: int) -> Entry:
    known: Mapping[str, Any] = given if isinstance(given, dict) else {}
    dtype = known.get("dtype")
    shape, offsets = _sizes(known.get("shape")), _sizes(known.get("data_offsets"))
    if shape is None or offsets is None or len(offsets) != 2 or dtype not in list(BYTES):
        raise NpgptError(f"the tensor {name!r:.100} is {given!r:.100}")
    size = BYTES[dtype] * math.prod(shape)
    if offsets[1] - offsets[0] != size:
        raise NpgptError(
            f"the tensor {name!r:.100} has {offsets[1] - offsets[0]:,} bytes, expected {size:,}"
        )
    return Entry(dtype, shape, start + offsets[0], size)


def _sizes(value: Any) -> tuple[int, ...] | None:
    """A short list of numbers from 0; None if it is none."""
    sound = isinstance(value, list) and len(value) <= MAX_DIMENSIONS
    sound = sound and all(is_whole(item) and item >= 0 for item in value)
    return tuple(value) if sound else None


def _read(folder: Folder, file_name: str, name: str, entry: Entry) -> Array:
    """The numbers of a tensor, float32."""
    if entry.dtype not in READ_AS:
        known = ", ".join(READ_AS)
        raise NpgptError(f"the tensor {name!r:.100} is of {entry.dtype}, supported are {known}")
    with folder.open(file_name) as file:
        file.seek(entry.start)
        data = file.read(entry.size)
    if len(data) != entry.size:
        raise NpgptError(f"{folder.path / file_name} changed while it was read")
    numbers = np.frombuffer(data, READ_AS[entry.dtype]).reshape(entry.shape)
    if entry.dtype == "BF16":
        return from_bfloat16(numbers)
    return numbers.astype(np.float32, copy=False)
