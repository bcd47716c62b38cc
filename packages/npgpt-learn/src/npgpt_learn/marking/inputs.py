"""The arrays that an exercise is marked with, drawn from shapes in letters.

``"N I"`` are floats of shape (N, I), ``"N < V"`` whole numbers below V of shape (N,), of which one
is there twice. A function draws whatever else there is, from the sizes, whether the case is the
small one, and a generator. Anything else is passed as it is. Each letter has a size of its own, so
that an array that lies the wrong way round does not fit.
"""

from collections.abc import Mapping
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

from npgpt_core.types import Array

T = TypeVar("T")

USUAL = (5, 3, 4, 7, 2, 6)
SMALL = (2, 4, 3, 5, 6, 7)
"""Small enough to be shown, and to be computed by hand."""

HALVES = (-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0)


def sizes_of(inputs: Mapping[str, Any], small: bool) -> dict[str, int]:
    """Letter -> size, in the order in which the letters come."""
    shapes = (shape for shape in inputs.values() if isinstance(shape, str))
    letters = dict.fromkeys(word for shape in shapes for word in shape.split() if word != "<")
    return dict(zip(letters, SMALL if small else USUAL, strict=False))


def draw(shape: Any, sizes: Mapping[str, int], small: bool, rng: np.random.Generator) -> Any:
    """One input."""
    if isinstance(shape, FunctionType):
        return frozen(shape(sizes, small, rng))
    if not isinstance(shape, str):
        return shape
    letters, _, below = shape.partition("<")
    size = tuple(sizes[letter] for letter in letters.split())
    if below:
        ids = rng.integers(sizes[below.strip()], size=size)
        ids.flat[-1] = ids.flat[0]
        return frozen(ids)
    return frozen(floats(size, small, rng))


def floats(size: tuple[int, ...], small: bool, rng: np.random.Generator) -> Array:
    """Numbers of about 1; in the small case such as 1.5, and none is 0: no factor goes unseen."""
    return np.asarray(rng.choice(HALVES, size=size) if small else rng.normal(size=size))


def frozen(value: T) -> T:
    """An array that whoever gets it cannot write into; anything else as it is."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    return value
