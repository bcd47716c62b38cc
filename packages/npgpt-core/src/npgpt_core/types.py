"""The array types in the signatures of npgpt: plain NumPy arrays, there is no tensor."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
"""Activations, parameters and gradients: float32 to train, float64 to check gradients."""

Ids: TypeAlias = npt.NDArray[np.integer[Any]]
"""Token ids."""
