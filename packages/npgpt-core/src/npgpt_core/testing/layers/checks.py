"""The contract checks of layers: those of every module, gradients, randomness and precision.

A factory takes (rng, dtype) and gives a module and an input for it; a module without parameters or
randomness uses neither but for its input.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from npgpt_core.testing.checklist import Check, CheckList, require
from npgpt_core.testing.gradients import check_gradients
from npgpt_core.testing.shared import modules, require_float32
from npgpt_core.types import Array

layers = CheckList("layer")


def _make(factory: Any, dtype: type = np.float64) -> tuple[Any, Array]:
    module, x = factory(np.random.default_rng(0), dtype)
    return module, x


layers.include(modules, _make)


def layer_checks() -> Iterator[tuple[str, Check]]:
    """Id and function of every layer check; a function takes (rng, dtype) -> (module, x)."""
    return iter(layers)


@layers
def gradients(factory: Any) -> None:
    """In float64, the gradients of input and parameters equal central differences within 1e-6."""
    module, x = _make(factory)
    if x.dtype.kind == "f" or module.parameters():
        check_gradients(module, x)


@layers
def deterministic(factory: Any) -> None:
    """The same generator gives the same parameters and outputs; in ``eval()`` none is drawn."""
    (one, x), (other, same_x) = _make(factory), _make(factory)
    require(
        np.array_equal(x, same_x) and np.array_equal(one.forward(x), other.forward(x)),
        "two modules made with equal generators gave different outputs: draw from the rng that is"
        " given, and from no other",
    )
    one.eval()
    require(
        np.array_equal(one.forward(x), one.forward(x)),
        "two forward passes in evaluation mode differ: draw nothing unless self.training",
    )


@layers
def float32_stays_float32(factory: Any) -> None:
    """In float32 the output, the gradients and what is kept are float32."""
    require_float32(*_make(factory, np.float32))
