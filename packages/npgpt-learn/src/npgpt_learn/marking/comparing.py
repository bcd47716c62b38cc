"""When two results are the same."""

from typing import Any

import numpy as np

from npgpt_core.testing.gradients import TOLERANCE
from npgpt_core.types import Array


def same(value: Any, other: Any) -> bool:
    """Whether two arrays or numbers are the same up to rounding, or anything else is equal."""
    if value is ... or other is ...:
        return value is other
    a, b = numbers(value), numbers(other)
    if a is None or b is None:
        return isinstance(value, type(other)) and _equal(value, other)
    if a.shape != b.shape:
        return False
    finite = np.isfinite(a) & np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return False
    return relative_error(a[finite], b[finite]) < TOLERANCE


def _equal(value: Any, other: Any) -> bool:
    """Whether two values are equal that are no arrays of real numbers."""
    try:
        return bool(
            np.array_equal(value, other) if isinstance(value, np.ndarray) else value == other
        )
    except Exception:  # a learner's object may refuse it, and a list of arrays does
        return False


def relative_error(a: Array, b: Array) -> float:
    """‖a - b‖ / (‖a‖ + ‖b‖); what is smaller than rounding counts as 0."""
    norms = float(np.linalg.norm(a) + np.linalg.norm(b))
    return 0.0 if norms <= 1e-9 * a.size**0.5 else float(np.linalg.norm(a - b)) / norms


def numbers(value: Any) -> Array | None:
    """An array of float64 from an array or a number; None of anything else."""
    if isinstance(value, np.ndarray | np.generic | int | float):
        array = np.asarray(value)
        if array.dtype.kind in "biuf":
            return array.astype(np.float64)
    return None
