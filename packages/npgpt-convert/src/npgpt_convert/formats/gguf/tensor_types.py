"""The types of GGUF's tensors: how their blocks lie in a file, and how numbers become of them.

A tensor is a sequence of blocks of ``length`` numbers. A block of a quantized type holds whole
numbers q of few bits, a scale d, and maybe a minimum m: x = d·q + m. Those that end in K have 256
numbers in 8 or 16 groups, whose scales are whole numbers themselves. Source: ``ggml-quants.c`` of
https://github.com/ggml-org/ggml.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from npgpt_convert.bfloat16 import from_bfloat16
from npgpt_core.errors import NpgptError
from npgpt_core.types import Array

Blocks = npt.NDArray[Any]
Whole = npt.NDArray[np.integer]

CHUNK = 2**20  # numbers that are decoded at once, so that what lies between stays small

NAMES = (
    *("F32", "F16", "Q4_0", "Q4_1", "Q4_2", "Q4_3", "Q5_0", "Q5_1", "Q8_0", "Q8_1"),
    *("Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_K", "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S"),
    *("IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS", "I8", "I16", "I32", "I64", "F64", "IQ1_M"),
    *("BF16", "Q4_0_4_4", "Q4_0_4_8", "Q4_0_8_8", "TQ1_0", "TQ2_0", "IQ4_NL_4_4", "IQ4_NL_4_8"),
    *("IQ4_NL_8_8", "MXFP4", "NVFP4"),
)
"""What a file calls by their numbers, from 0."""


@dataclass(frozen=True)
class TensorType:
    """A type of tensor.

    Args:
        length: numbers in a block.
        block: how a block lies in a file.
        decode: blocks (N,) -> their numbers, float32 (N, length).
        encode: the inverse, as near as the type comes; None for a type that is only read.
    """

    length: int
    block: np.dtype[Any]
    decode: Callable[[Blocks], Array]
    encode: Callable[[Array], npt.NDArray[np.generic]] | None = None

    def size(self, count: int) -> int:
        """Bytes of ``count`` numbers, which must be whole blocks."""
        return count // self.length * self.block.itemsize


# ------------------------------------------------------------------------- the types


def _float(dtype: str) -> TensorType:
    def decode(blocks: Blocks) -> Array:
        return blocks.astype(np.float32)[:, None]

    def encode(numbers: Array) -> npt.NDArray[np.generic]:
        return numbers[:, 0].astype(dtype)

    return TensorType(1, np.dtype(dtype), decode, encode)


def _decode_q4_0(b: Blocks) -> Array:
    return _column(b["d"]) * (_fields(b["q"], 4).astype(np.float32) - 8)


def _decode_q4_1(b: Blocks) -> Array:
    return _column(b["d"]) * _fields(b["q"], 4).astype(np.float32) + _column(b["m"])


def _decode_q5_0(b: Blocks) -> Array:
    return _column(b["d"]) * (_five_bits(b).astype(np.float32) - 16)


def _decode_q5_1(b: Blocks) -> Array:
    return _column(b["d"]) * _five_bits(b).astype(np.float32) + _column(b["m"])


def _decode_q8_0(b: Blocks) -> Array:
    return _column(b["d"]) * b["q"].astype(np.float32)


def _encode_q8_0(numbers: Array) -> Blocks:
    """The largest |x| becomes 127; halves are rounded away from zero, as in C."""
    d = np.abs(numbers).max(axis=1, keepdims=True) / np.float32(127)
    x = numbers * np.divide(1, d, out=np.zeros_like(d), where=d != 0)
    blocks = np.empty(len(numbers), Q8_0)
    blocks["d"] = d[:, 0]
    blocks["q"] = np.trunc(x + np.copysign(np.float32(0.5), x))
    return blocks


def _decode_q4_k(b: Blocks) -> Array:
    q = _fields(b["q"].reshape(-1, 4, 32), 4)
    return _grouped(b, q)


def _decode_q5_k(b: Blocks) -> Array:
    high = _fields(b["q_high"].reshape(-1, 1, 32), 1)
    return _grouped(b, _fields(b["q"].reshape(-1, 4, 32), 4) | high << 4)


def _decode_q6_k(b: Blocks) -> Array:
    low = _fields(b["q"].reshape(-1, 2, 64), 4)
    high = _fields(b["q_high"].reshape(-1, 2, 32), 2)
    q = (low.reshape(-1, 16, 16) | high.reshape(-1, 16, 16) << 4).astype(np.float32) - 32
    d = _column(b["d"]) * b["scales"].astype(np.float32)
    return (d[..., None] * q).reshape(-1, 256)


# ------------------------------------------------------------------------ their parts


def _column(numbers: npt.NDArray[np.float16]) -> Array:
    """(N,) -> float32 (N, 1)."""
    return numbers.astype(np.float32)[:, None]


def _fields(packed: Whole, bits: int) -> Whole:
    """Whole numbers of ``bits`` bits out of bytes: (N, W) -> (N, 8/bits · W), (N, G, W) -> alike.

    First come the lowest bits of all W bytes, then the next ones; so for each of G groups.
    """
    shifts = np.arange(0, 8, bits, dtype=np.uint8)[:, None]
    fields = packed[..., None, :] >> shifts & np.uint8(2**bits - 1)
    return fields.reshape(len(packed), -1)


def _five_bits(b: Blocks) -> Whole:
    high = np.unpackbits(b["q_high"], axis=1, bitorder="little")
    return _fields(b["q"], 4) | high << 4


def _grouped(b: Blocks, q: Whole) -> Array:
    """Numbers (N, 256) from whole ones and the scales and minima of 8 groups, of 6 bits each.

    Those of the first 4 groups are the low 6 bits of bytes; their upper 2 bits, and 4 bits of
    other bytes, are those of the last 4 groups.
    """
    scale, minimum, low = np.split(b["scales"], 3, axis=1)  # (N, 4) each
    scales = np.hstack([scale & 63, low & 15 | scale >> 2 & 48]).astype(np.float32)
    minima = np.hstack([minimum & 63, low >> 4 | minimum >> 2 & 48]).astype(np.float32)
    d = (_column(b["d"]) * scales)[..., None]  # (N, 8, 1)
    m = (_column(b["m"]) * minima)[..., None]
    return (d * q.reshape(-1, 8, 32).astype(np.float32) - m).reshape(-1, 256)


_D, _M = ("d", "<f2"), ("m", "<f2")
_HALVES, _SIX_BITS = ("q", "u1", 16), ("scales", "u1", 12)
Q8_0 = np.dtype([_D, ("q", "i1", 32)])

TYPES = {
    "F32": _float("<f4"),
    "F16": _float("<f2"),
    "BF16": TensorType(1, np.dtype("<u2"), lambda blocks: from_bfloat16(blocks)[:, None]),
    "Q4_0": TensorType(32, np.dtype([_D, _HALVES]), _decode_q4_0),
    "Q4_1": TensorType(32, np.dtype([_D, _M, _HALVES]), _decode_q4_1),
    "Q5_0": TensorType(32, np.dtype([_D, ("q_high", "u1", 4), _HALVES]), _decode_q5_0),
    "Q5_1": TensorType(32, np.dtype([_D, _M, ("q_high", "u1", 4), _HALVES]), _decode_q5_1),
    "Q8_0": TensorType(32, Q8_0, _decode_q8_0, _encode_q8_0),
    "Q4_K": TensorType(256, np.dtype([_D, _M, _SIX_BITS, ("q", "u1", 128)]), _decode_q4_k),
    "Q5_K": TensorType(
        256, np.dtype([_D, _M, _SIX_BITS, ("q_high", "u1", 32), ("q", "u1", 128)]), _decode_q5_k
    ),
    "Q6_K": TensorType(
        256,
        np.dtype([("q", "u1", 128), ("q_high", "u1", 64), ("scales", "i1", 16), _D]),
        _decode_q6_k,
    ),
}
"""What is read. What has ``encode`` is written too."""


def decode(name: str, data: memoryview) -> Array:
    """The numbers of a tensor's bytes: float32, (n,). Some may not be finite."""
    kind = TYPES[name]
    blocks = np.frombuffer(data, kind.block)
    numbers = np.empty((len(blocks), kind.length), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for part in _chunks(len(blocks), kind.length):
            numbers[part] = kind.decode(blocks[part])
    return numbers.reshape(-1)


def encode(name: str, numbers: Array) -> bytes:
    """The bytes of a tensor's numbers, of a type that has ``encode``.

    Raises:
        NpgptError: a number is too large for the type.
    """
    kind = TYPES[name]
    if kind.encode is None:
        raise ValueError(f"{name} is only read")
    rows = np.asarray(numbers, np.float32).reshape(-1, kind.length)
    try:
        with np.errstate(over="raise"):
            return b"".join(kind.encode(rows[part]).tobytes() for part in _chunks(*rows.shape))
    except FloatingPointError as error:
        raise NpgptError(f"a number is too large for {name}: write F32") from error


def _chunks(count: int, length: int) -> Iterator[slice]:
    step = max(1, CHUNK // length)
    return (slice(start, start + step) for start in range(0, count, step))
