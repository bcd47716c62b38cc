"""Numbers that users give: Python's and NumPy's, but no truth values."""

import math
import numbers
from typing import Any

from npgpt_core.errors import NpgptError, short_repr

LIMIT = 2**63  # whole numbers are below: no array holds larger ones


def is_whole(value: Any) -> bool:
    """Whether it is a whole number, such as ``3`` or ``np.int64(3)``."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def is_real(value: Any) -> bool:
    """Whether it is a real number, such as ``3``, ``0.1`` or ``np.float32(0.1)``."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def is_finite(value: Any) -> bool:
    """Whether it is a real number that a float can hold: no NaN, no infinity, not ``10**400``."""
    try:
        return is_real(value) and math.isfinite(value)
    except OverflowError:
        return False


def as_python(value: Any) -> Any:
    """A number of NumPy as Python's, which JSON takes; anything else as it is."""
    if is_whole(value):
        return int(value)
    return float(value) if is_real(value) else value


def real_number(name: str, value: Any, low: float, high: float) -> float:
    """``value`` as a float.

    Raises:
        NpgptError: it is no number, or not low <= value < high.
    """
    if not is_finite(value) or not low <= value < high:
        kind = "" if is_real(value) else "a number of "
        limit = "finite" if high == math.inf else f"below {high}"
        raise NpgptError(
            f"{name} is {short_repr(value)}, expected {kind}at least {low} and {limit}"
        )
    return float(value)


def whole_number(name: str, value: Any, least: int = 1, below: int = LIMIT) -> int:
    """``value`` as an int.

    Raises:
        NpgptError: it is no whole number, or not least <= value < below.
    """
    if not is_whole(value) or not least <= value < below:
        limit = f" and below {below}" if is_whole(value) and value >= below else ""
        raise NpgptError(
            f"{name} is {short_repr(value)}, expected a whole number of at least {least}{limit}"
        )
    return int(value)
