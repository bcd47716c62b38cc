"""A model as a file of another program holds it: what formats give, and what they are given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from npgpt_core.errors import NpgptError
from npgpt_core.types import Array


class Tensor(NamedTuple):
    """Numbers that take memory only when they are read."""

    shape: tuple[int, ...]
    read: Callable[[], Array]  # of this shape, floating-point


@dataclass(frozen=True)
class ForeignModel:
    """A model of another program.

    Args:
        format: whose names these are: "huggingface" or "gguf".
        metadata: what the format says of the model: the content of config.json, the key-value pairs
            of GGUF.
        tensors: by their names.
    """

    format: str
    metadata: Mapping[str, Any]
    tensors: Mapping[str, Tensor]


def rows_of(name: str, tensors: Mapping[str, Tensor]) -> int:
    """Rows of a tensor that must be there.

    Raises:
        NpgptError: it is not.
    """
    if name not in tensors:
        raise NpgptError(f"the tensor {name} is missing")
    return tensors[name].shape[0]
