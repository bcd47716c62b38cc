"""The format of numbers that NumPy lacks and many files have."""

import numpy as np
import numpy.typing as npt

from npgpt_core.types import Array


def from_bfloat16(halves: npt.NDArray[np.uint16]) -> Array:
    """Numbers (...) of which only the upper two bytes are stored -> float32 (...)."""
    return (halves.astype(np.uint32) << 16).view(np.float32)
