"""Arrays into a file of the form safetensors, one after the other: no copy of them all is made.

https://github.com/huggingface/safetensors has the form. The bytes are those of that library.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from npgpt_core.types import Array

DTYPES = {
    "bool": "BOOL",
    "uint8": "U8",
    "int8": "I8",
    "int16": "I16",
    "uint16": "U16",
    "float16": "F16",
    "int32": "I32",
    "uint32": "U32",
    "float32": "F32",
    "float64": "F64",
    "int64": "I64",
    "uint64": "U64",
}
"""What NumPy calls a type -> what the form does; arrays of later ones stand first in a file."""


class Later(NamedTuple):
    """An array that is made when it is written."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    make: Callable[[], Array]


def write_arrays(
    file: BinaryIO, arrays: Mapping[str, Array | Later], about: Mapping[str, str] | None = None
) -> None:
    """Write arrays by their names; ``about`` is what the file says of itself."""
    header: dict[str, object] = {} if about is None else {"__metadata__": dict(about)}
    order = list(DTYPES)
    names = sorted(arrays, key=lambda name: (-order.index(arrays[name].dtype.name), name))
    end = 0
    for name in names:
        dtype, shape = arrays[name].dtype, arrays[name].shape
        start, end = end, end + dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        entry = {"dtype": DTYPES[dtype.name], "shape": shape, "data_offsets": [start, end]}
        header[name] = entry
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)
    for name in names:
        given = arrays[name]
        array = given.make() if isinstance(given, Later) else given
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        file.write(little.reshape(-1).view(np.uint8).data)
