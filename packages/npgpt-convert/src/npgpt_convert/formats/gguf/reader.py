"""A GGUF file, read tensor by tensor: the file may be larger than the memory."""

import mmap
from functools import partial
from pathlib import Path

from npgpt_convert.foreign import ForeignModel, Tensor
from npgpt_convert.formats.gguf.header import StoredTensor, read_header
from npgpt_convert.formats.gguf.tensor_types import decode
from npgpt_core.errors import NpgptError
from npgpt_core.types import Array


def read_gguf(path: Path) -> ForeignModel:
    """The model in a file, which is checked whole before any tensor is read.

    Args:
        path: of the file.

    Raises:
        NpgptError: there is no such file, it is damaged, or has a type of tensor that is not read.
    """
    data = _map(path)
    header = read_header(data, path)
    tensors = {
        name: Tensor(stored.shape, partial(_numbers, data, stored))
        for name, stored in header.tensors.items()
    }
    return ForeignModel("gguf", header.metadata, tensors)


def _numbers(data: mmap.mmap, stored: StoredTensor) -> Array:
    """The numbers of a tensor: float32, of its shape."""
    with memoryview(data) as view:
        return decode(stored.type, view[stored.start : stored.end]).reshape(stored.shape)


def _map(path: Path) -> mmap.mmap:
    try:
        if not path.is_file():
            raise NpgptError(f"{path} is no file: give the path of a .gguf file")
        if path.stat().st_size == 0:
            raise NpgptError(f"{path} is empty: give the path of a .gguf file")
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise NpgptError(f"cannot read {path}: {error.strerror}") from error
