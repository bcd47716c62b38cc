"""Arrays as a page holds them: float16, one after another, deflated, in base64."""

import base64
import math
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from npgpt_core.types import Array

LARGEST = 15  # an array is scaled to below 2¹⁵: float16 ends at 65504, and is coarse below 2⁻¹⁴


class ArrayStore:
    """Collects arrays; the same array twice is stored once.

    An array is divided by a power of two, which costs no digit and lets the small numbers of a
    gradient keep theirs.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._entries: dict[tuple[int, int | None], tuple[Array, dict[str, Any]]] = {}

    def add(self, array: Array | None, columns: int | None = None) -> dict[str, Any] | None:
        """Where the page finds an array, and what it is; None of none.

        Args:
            array: any shape.
            columns: most numbers of its last axis to keep; all unless given.
        """
        if array is None:
            return None
        key = (id(array), columns)
        if key not in self._entries:  # the array is kept with its entry: ids are not used again
            self._entries[key] = (array, self._store(array, columns))
        return self._entries[key][1]

    def _store(self, array: Array, columns: int | None) -> dict[str, Any]:
        kept = array[..., :columns] if array.ndim else array
        start, self._size = self._size, self._size + kept.size
        self._pieces.append(_rounded(kept).tobytes())
        entry: dict[str, Any] = {"start": start, "shape": kept.shape, "scale": _scale(kept)}
        return entry if kept.shape == array.shape else {**entry, "columns": array.shape[-1]}

    def add_pair(self, array: Array) -> dict[str, Any]:
        """An array as the sum of two, the second what float16 leaves of it: 22 bits a number."""
        entry = self._store(array, None)
        rest = array - _rounded(array).astype(np.float64) * entry["scale"]
        return {**entry, "rest": self._store(rest, None)}

    def encode(self) -> str:
        """All of them as base64 of a zlib stream."""
        return base64.b64encode(zlib.compress(b"".join(self._pieces), 6)).decode("ascii")


def _rounded(array: Array) -> npt.NDArray[np.float16]:
    """An array over its scale, in float16; what is not finite stays so."""
    with np.errstate(all="ignore"):
        return (array / _scale(array)).astype("<f2")


def _scale(array: Array) -> float:
    """The power of two that brings the largest finite number to below 2¹⁵."""
    finite = np.abs(array[np.isfinite(array)])
    largest = float(finite.max(initial=0))
    return math.ldexp(1.0, math.frexp(largest)[1] - LARGEST) if largest else 1.0
