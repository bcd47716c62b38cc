"""What a family of models says of itself: its names in each format, and its configuration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from npgpt_convert.families.metadata import Metadata
from npgpt_convert.foreign import Tensor
from npgpt_core.types import Array

Options: TypeAlias = Mapping[str, Any]
"""The fields of our model's ``Config``, ``vocab_size`` and ``block_size`` among them."""


@dataclass(frozen=True)
class Stored:
    """How a format stores one of our arrays.

    Args:
        names: of the tensors that are it, side by side along its last axis. ``{}`` stands for the
            number of the block.
        transposed: whether they are (O, I), where ours is (I, O).
        widths: columns of each, of the options, where there are several.
        order: which of their columns our columns are, of the options; None if in that order.
    """

    names: tuple[str, ...]
    transposed: bool = False
    widths: Callable[[Options], tuple[int, ...]] | None = None
    order: Callable[[Options], npt.NDArray[np.intp]] | None = None


def matrix(*names: str, **others: Any) -> Stored:
    """A matrix of which a program has the transpose, (O, I)."""
    return Stored(names, transposed=True, **others)


@dataclass(frozen=True)
class Dialect:
    """A family as one format writes it.

    Args:
        architectures: what the format calls its members.
        names: our name -> how it is stored.
        options: the metadata and the tensors -> the options of our model. Raises
            ``NpgptError`` for whatever our model does not do.
        metadata: the options of our model -> the metadata. Raises ``NpgptError`` for whatever the
            architecture does not do.
        constants: the options -> tensors that are no parameters of ours.
        prefix: that the tensors' names may lack.
        ignored: patterns of names that hold no weights.
    """

    architectures: tuple[str, ...]
    names: Mapping[str, Stored]
    options: Callable[[Metadata, Mapping[str, Tensor]], dict[str, Any]]
    metadata: Callable[[Options], dict[str, Any]]
    constants: Callable[[Options], Mapping[str, Array]] = lambda options: {}
    prefix: str = ""
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family:
    """A family of models that one of our models computes.

    Args:
        model: the name of ours in the registry.
        dialects: format -> how it writes the family.
    """

    model: str
    dialects: Mapping[str, Dialect]
