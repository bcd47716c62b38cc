"""Write a GGUF file: the header, then tensor after tensor as each is given."""

from collections.abc import Callable, Mapping
from struct import pack
from typing import BinaryIO

from npgpt_convert.formats.gguf.header import MAGIC, VERSIONS, Tensor, aligned
from npgpt_convert.formats.gguf.tensor_types import NAMES, TYPES, encode
from npgpt_convert.formats.gguf.values import Value, encode_string, encode_value
from npgpt_core.types import Array


def write_gguf(
    file: BinaryIO,
    metadata: Mapping[str, Value],
    shapes: Mapping[str, tuple[int, ...]],
    tensor: Callable[[str], Array],
    kind: str,
) -> None:
    """Write a file.

    Vectors stay F32, as llama.cpp wants them, and matrices whose rows are no whole blocks are F16.

    Args:
        file: where to.
        metadata: by key. Whole numbers are written in 32 bits where they fit, others as float32.
        shapes: of the tensors by name, rows first.
        tensor: gives the tensor of a name; asked once for each, in the order of ``shapes``.
        kind: the type of matrices: F32, F16 or Q8_0.
    """
    tensors, end = {}, 0
    for name, shape in shapes.items():
        tensors[name] = Tensor(_kind(shape, kind), shape, aligned(end))
        end = tensors[name].end
    header = [MAGIC, pack("<IQQ", VERSIONS[-1], len(tensors), len(metadata))]
    for key, value in metadata.items():
        header += [encode_string(key), encode_value(value)]
    for name, t in tensors.items():
        header += [
            encode_string(name),
            pack(f"<I{len(t.shape)}Q", len(t.shape), *reversed(t.shape)),
            pack("<IQ", NAMES.index(t.type), t.start),
        ]
    written = file.write(b"".join(header))
    file.write(bytes(aligned(written) - written))
    for name, t in tensors.items():
        data = encode(t.type, tensor(name))
        file.write(data)
        file.write(bytes(aligned(len(data)) - len(data)))


def _kind(shape: tuple[int, ...], kind: str) -> str:
    if len(shape) < 2:
        return "F32"
    return "F16" if shape[-1] % TYPES[kind].length else kind
