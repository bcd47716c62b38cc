"""The generator for a model whose weights are about to be loaded: drawing them takes long."""

from typing import Any

import numpy as np

from npgpt_core.types import Array


class ZeroWeights(np.random.Generator):
    """A generator whose normal numbers are zeros; all other numbers are drawn."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def normal(  # type: ignore[override]
        self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None
    ) -> Array:
        """One zero in all places of ``size``, which takes no memory and may be written to."""
        shape = np.broadcast_shapes(() if size is None else size)
        return np.ndarray(shape, buffer=np.zeros(1), strides=(0,) * len(shape))
