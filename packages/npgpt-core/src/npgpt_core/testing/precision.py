"""Contract checks of layers and models: nothing in float64 where all is float32."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from npgpt_core.testing.checklist import require


def require_no_float64(arrays: Mapping[str, Any]) -> None:
    """None of the arrays is float64; what is no array does not count."""
    for what, array in arrays.items():
        require(
            not isinstance(array, np.ndarray) or array.dtype != np.float64,
            f"the {what} is float64 where all is float32, twice the time and memory: look for"
            " np.zeros, rng.normal and NumPy scalars without a dtype",
        )


def parameters_and_gradients(module: Any) -> dict[str, Any]:
    """What the messages call each -> the array."""
    return {
        **{f"parameter {name!r}": array for name, array in module.parameters().items()},
        **{f"gradient of {name!r}": grad for name, grad in module.grads().items()},
    }


def kept_values(module: Any) -> dict[str, Any]:
    """What every module of the tree holds between forward and backward."""
    return {
        f"value {i} that {path or type(module).__name__} keeps": value
        for path, below in module.named_modules()
        for i, value in enumerate(_flat(below._kept))
    }


def _flat(kept: Any) -> Iterator[Any]:
    if isinstance(kept, list | tuple):
        for value in kept:
            yield from _flat(value)
    else:
        yield kept
