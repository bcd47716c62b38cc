"""A small array beside the true one."""

from typing import Any

import numpy as np

from npgpt_core.types import Array
from npgpt_learn.marking.comparing import numbers
from npgpt_learn.report import Picture

ROWS, COLUMNS, WIDTH = 4, 4, 6
"""What is shown of an array, and the characters of a number; both arrays fit into 80 columns."""


def picture_of(value: Any, truth: Any) -> Picture | None:
    """The picture of two arrays of one shape; None of anything else."""
    a, t = numbers(value), numbers(truth)
    if a is None or t is None or a.shape != t.shape or a.size == 0:
        return None
    a, t = _corner(a), _corner(t)
    right = np.abs(a - t) <= 1e-6 * max(float(np.abs(t).max()), 1e-9)
    return Picture(_spelled(a), right.tolist(), _spelled(t))


def _corner(array: Array) -> Array:
    """The first rows and columns of the first matrix."""
    matrix = array.reshape(-1, *array.shape[-2:])[0] if array.ndim > 1 else array.reshape(1, -1)
    return matrix[:ROWS, :COLUMNS]


def _spelled(matrix: Array) -> list[list[str]]:
    return [[spelled(number) for number in row] for row in matrix.tolist()]


def spelled(number: float) -> str:
    """A number in at most ``WIDTH`` characters."""
    number = round(number, 6) + 0.0  # without what is rounding only, and without -0
    for digits in range(4, -1, -1):
        text = f"{number:.{digits}f}"
        if len(text) <= WIDTH and (number == 0 or float(text)):
            return text.rstrip("0").rstrip(".") if digits else text
    return f"{number:.0e}"
