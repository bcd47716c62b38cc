"""Between a foreign model and one of ours: finds the family, renames, transposes, joins and splits.

Formats and families meet only here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from npgpt_convert.families import gpt2, llama
from npgpt_convert.families.family import Dialect, Options, Stored
from npgpt_convert.families.metadata import Metadata
from npgpt_convert.foreign import ForeignModel, Tensor
from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.types import Array

FAMILIES = (gpt2.FAMILY, llama.FAMILY)
ARCHITECTURE = {"huggingface": "model_type", "gguf": "general.architecture"}
"""Format -> where its metadata name the architecture."""

_BLOCK = re.compile(r"(?<=\.)\d+(?=\.)")


@dataclass(frozen=True)
class Converted:
    """A foreign model in our terms.

    Args:
        model: the name of our model in the registry.
        options: of its ``Config``.
        tensors: by our names, in our shapes; each is read when it is asked for.
    """

    model: str
    options: Options
    tensors: Mapping[str, Tensor]

    @property
    def parameters(self) -> int:
        """How many numbers there are."""
        return sum(int(np.prod(tensor.shape, dtype=object)) for tensor in self.tensors.values())


def from_foreign(foreign: ForeignModel) -> Converted:
    """A foreign model in our terms; nothing of its numbers is read yet.

    Raises:
        NpgptError: the architecture or something of it is not supported, a tensor is missing, not
            known, or of a shape that does not fit beside the others.
    """
    metadata = Metadata(foreign.metadata)
    model, dialect = _dialect(foreign.format, metadata)
    options = dialect.options(metadata, foreign.tensors)
    stored = _found(dialect, foreign.tensors, tied=options["tie_embeddings"])
    tensors = {name: _joined(name, *found, options) for name, found in stored.items()}
    return Converted(model, options, tensors)


def to_foreign(
    format: str, model: str, options: Options, state: Mapping[str, Array]
) -> ForeignModel:
    """One of our models as a format writes it.

    Args:
        format: "huggingface" or "gguf".
        model: its name in the registry.
        options: of its ``Config``.
        state: its parameters.

    Raises:
        NpgptError: the format has no architecture that computes this model.
    """
    families = [family for family in FAMILIES if family.model == model]
    if not families or format not in families[0].dialects:
        known = ", ".join(family.model for family in FAMILIES if format in family.dialects)
        raise NpgptError(
            f"the format {format} has no architecture for the model {model!r}, but for {known}"
        )
    dialect = families[0].dialects[format]
    metadata = dialect.metadata(options)
    tensors = {
        name: Tensor(array.shape, partial(np.asarray, array))
        for name, array in dialect.constants(options).items()
    }
    for name, array in state.items():
        pattern, _ = _pattern(name)
        tensors |= _split(name, dialect.names[pattern], options, array)
    return ForeignModel(format, metadata, tensors)


def _dialect(format: str, metadata: Metadata) -> tuple[str, Dialect]:
    """Our model and the dialect of an architecture."""
    key = ARCHITECTURE[format]
    known = {
        architecture: (family.model, dialect)
        for family in FAMILIES
        for name, dialect in family.dialects.items()
        for architecture in dialect.architectures
        if name == format
    }
    return known[metadata.one_of(key, tuple(known))]


def _pattern(name: str) -> tuple[str, str]:
    """A name with ``{}`` for the number of its block, and that number."""
    number = _BLOCK.search(name)
    return _BLOCK.sub("{}", name, count=1), number[0] if number else ""


def _found(
    dialect: Dialect, tensors: Mapping[str, Tensor], *, tied: bool
) -> dict[str, tuple[Stored, list[Tensor]]]:
    """Our name -> how it is stored, and the tensors that it is of; every tensor is one of these."""
    ours = {name: pattern for pattern, stored in dialect.names.items() for name in stored.names}
    found: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if any(re.fullmatch(pattern, name) for pattern in dialect.ignored):
            continue
        pattern, block = _pattern(name)
        known = pattern if pattern in ours else dialect.prefix + pattern
        if known not in ours:
            raise NpgptError(
                f"the tensor {short_repr(name, 100)} is of no part that the architecture has"
            )
        if ours[known] == "head.weight" and tied:
            continue
        found.setdefault(ours[known].format(block), {})[known] = tensor
    return {name: _whole(dialect, name, parts) for name, parts in found.items()}


def _whole(dialect: Dialect, name: str, parts: Mapping[str, Tensor]) -> tuple[Stored, list[Tensor]]:
    pattern, block = _pattern(name)
    stored = dialect.names[pattern]
    missing = [part.format(block) for part in stored.names if part not in parts]
    if missing:
        raise NpgptError(f"the tensor {missing[0]} is missing")
    return stored, [parts[part] for part in stored.names]


def _joined(name: str, stored: Stored, parts: list[Tensor], options: Options) -> Tensor:
    """Tensors side by side, as we have them."""
    shapes = [part.shape[::-1] if stored.transposed else part.shape for part in parts]
    if any(not shape or shape[:-1] != shapes[0][:-1] for shape in shapes):
        raise NpgptError(
            f"the tensors of {name} have the shapes {shapes}: they do not fit together"
        )

    width = sum(shape[-1] for shape in shapes)
    order = _order(name, stored, options, width)

    def read() -> Array:
        arrays = (part.read() for part in parts)
        joined = np.concatenate([a.T if stored.transposed else a for a in arrays], axis=-1)
        return joined if order is None else joined[..., order]

    return Tensor((*shapes[0][:-1], width), read)


def _split(name: str, stored: Stored, options: Options, array: Array) -> dict[str, Tensor]:
    """One of our arrays as a format has it."""
    _, block = _pattern(name)
    order = _order(name, stored, options, array.shape[-1])
    if order is not None:
        array = array[..., np.argsort(order)]
    widths = stored.widths(options) if stored.widths else ()
    ends = [sum(widths[:i]) for i in range(1, len(widths))]
    pieces = np.split(array, ends, axis=-1)
    views = [piece.T if stored.transposed else piece for piece in pieces]
    return {
        part.format(block): Tensor(view.shape, partial(np.ascontiguousarray, view))
        for part, view in zip(stored.names, views, strict=True)
    }


def _order(name: str, stored: Stored, options: Options, width: int) -> npt.NDArray[np.intp] | None:
    """Which of their columns ours are; nothing is made for columns that are only claimed."""
    if stored.widths is None or stored.order is None:
        return None
    expected = sum(stored.widths(options))
    if width != expected:
        raise NpgptError(f"the tensors of {name} have {width} rows together, expected {expected}")
    return stored.order(options)
