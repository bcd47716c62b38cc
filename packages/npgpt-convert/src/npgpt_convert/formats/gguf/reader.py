"""A GGUF file, read tensor by tensor: the file may be larger than the memory."""

import mmap
from pathlib import Path

from npgpt_convert.formats.gguf.header import read_header
from npgpt_convert.formats.gguf.tensor_types import decode
from npgpt_core.errors import NpgptError
from npgpt_core.types import Array


class GGUFFile:
    """The metadata and the tensors of a file, which is checked whole when it is opened.

    Args:
        path: of the file.

    Attributes:
        metadata: what the file says of itself, by key.
        shapes: the shape of each tensor by name, rows first.

    Raises:
        NpgptError: there is no such file, it is damaged, or has a type of tensor that is not read.
    """

    def __init__(self, path: Path) -> None:
        self._data = _map(path)
        header = read_header(self._data, path)
        self.metadata, self._tensors = header.metadata, header.tensors
        self.shapes = {name: tensor.shape for name, tensor in header.tensors.items()}

    def tensor(self, name: str) -> Array:
        """The numbers of a tensor: float32, of its shape."""
        tensor = self._tensors[name]
        with memoryview(self._data) as data:
            return decode(tensor.type, data[tensor.start : tensor.end]).reshape(tensor.shape)


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
