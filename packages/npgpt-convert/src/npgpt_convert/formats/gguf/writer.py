"""Write a GGUF file: the header, then tensor after tensor as each is given."""

from struct import pack
from typing import BinaryIO

from npgpt_convert.foreign import ForeignModel
from npgpt_convert.formats.gguf.header import MAGIC, VERSIONS, StoredTensor, aligned
from npgpt_convert.formats.gguf.tensor_types import NAMES, TYPES, encode
from npgpt_convert.formats.gguf.values import encode_string, encode_value

FILE_TYPES = {"F32": 0, "F16": 1, "Q8_0": 7}
"""The types that matrices are written in -> what the metadata call a file of them."""

QUANTIZATION = {"general.quantization_version": 2}


def write_gguf(file: BinaryIO, model: ForeignModel, kind: str) -> None:
    """Write a model.

    Vectors stay F32, as llama.cpp wants them, and matrices whose rows are no whole blocks are F16.

    Args:
        file: where to; nothing seeks in it.
        model: each of its tensors is read once, when its turn comes.
        kind: the type of matrices, one of ``FILE_TYPES``.

    Raises:
        NpgptError: a number is too large for the type.
    """
    metadata = {**model.metadata, "general.file_type": FILE_TYPES[kind], **QUANTIZATION}
    stored: dict[str, StoredTensor] = {}
    end = 0
    for name, tensor in model.tensors.items():
        stored[name] = StoredTensor(_kind(tensor.shape, kind), tensor.shape, aligned(end))
        end = stored[name].end
    header = [MAGIC, pack("<IQQ", VERSIONS[-1], len(stored), len(metadata))]
    for key, value in metadata.items():
        header += [encode_string(key), encode_value(value)]
    for name, t in stored.items():
        header += [
            encode_string(name),
            pack(f"<I{len(t.shape)}Q", len(t.shape), *reversed(t.shape)),
            pack("<IQ", NAMES.index(t.type), t.start),
        ]
    written = file.write(b"".join(header))
    file.write(bytes(aligned(written) - written))
    for name, t in stored.items():
        data = encode(t.type, model.tensors[name].read())
        file.write(data)
        file.write(bytes(aligned(len(data)) - len(data)))


def _kind(shape: tuple[int, ...], kind: str) -> str:
    if len(shape) < 2:
        return "F32"
    return "F16" if shape[-1] % TYPES[kind].length else kind
