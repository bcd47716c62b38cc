"""The tensors of a safetensors file as float32, of the types that weights have."""

from functools import partial

import numpy as np

from npgpt_convert.bfloat16 import from_bfloat16
from npgpt_convert.foreign import Tensor
from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.types import Array
from npgpt_train.machine.disk import Folder
from npgpt_train.machine.stored_arrays import StoredArray, stored_arrays

WEIGHTS = ("F64", "F32", "F16", "BF16")


def read_tensors(folder: Folder, name: str) -> dict[str, Tensor]:
    """The tensors of a file, of which only the header is read yet.

    Raises:
        NpgptError: the file cannot be read, or is no whole safetensors file.
    """
    return {
        tensor: Tensor(stored.shape, partial(_read, stored))
        for tensor, stored in stored_arrays(folder, name).items()
    }


def _read(stored: StoredArray) -> Array:
    if stored.dtype not in WEIGHTS:
        raise NpgptError(
            f"the tensor {short_repr(stored.name, 100)} is of {stored.dtype},"
            f" supported are {', '.join(WEIGHTS)}"
        )
    if stored.dtype == "BF16":
        return from_bfloat16(stored.read())
    return stored.read().astype(np.float32, copy=False)
