"""The models that optimizers are checked on: a bowl whose bottom is known, and a tied pair."""

from typing import Any

import numpy as np
import numpy.typing as npt

from npgpt_core.layers.activation import ReLU
from npgpt_core.layers.embedding import Embedding
from npgpt_core.module import Module
from npgpt_core.types import Array

LR = 0.01

SHAPES = {"matrix": (6, 5), "vector": (5,), "large": (4, 10_000)}
"""A weight, a bias, and more numbers than an optimizer that works in pieces takes at once."""


class Quadratic(Module):
    """loss = ½ mean c (p - p*)² over each parameter, with curvatures c from 1 to 3.

    ``backward`` adds c (p - p*), the gradient of the sum: every number falls at its own pace,
    however many there are.
    """

    def __init__(self, dtype: npt.DTypeLike = np.float32) -> None:
        super().__init__()
        rng = np.random.default_rng(0)
        self.bottoms: dict[str, Array] = {}
        self.curvatures: dict[str, Array] = {}
        for name, shape in SHAPES.items():
            self.parameter(name, rng.normal(size=shape), dtype)
            self.bottoms[name] = rng.normal(size=shape).astype(dtype)
            self.curvatures[name] = rng.uniform(1, 3, shape).astype(dtype)

    def forward(self) -> float:
        """The loss."""
        distances = {name: p - self.bottoms[name] for name, p in self.parameters().items()}
        self.keep(distances)
        return float(
            sum(0.5 * np.mean(self.curvatures[name] * d * d) for name, d in distances.items())
        )

    def backward(self) -> None:
        """dp = c (p - p*)."""
        distances = self.take()
        for name, grad in self.grads().items():
            grad += self.curvatures[name] * distances[name]


class Twins(Module):
    """One weight, of which a second module may have a share: the same array under two names."""

    def __init__(self, *, tied: bool) -> None:
        super().__init__()
        self.table = Embedding(4, 3, rng=np.random.default_rng(0), std=1)
        self.head = ReLU()  # any module can take a share
        if tied:
            self.head.share("weight", self.table.weight, self.table.dweight)

    def forward(self) -> Any:
        """Nothing: only its gradients are of use."""

    def backward(self) -> None:
        """A gradient of both signs and several sizes."""
        self.table.dweight += np.linspace(-1, 2, self.table.dweight.size).reshape(4, 3)


def prepared(factory: Any, dtype: npt.DTypeLike = np.float32) -> tuple[Quadratic, Any]:
    """A bowl, and an optimizer of it at the learning rate ``LR``."""
    model = Quadratic(dtype)
    return model, factory(model, lr=LR)


def take_steps(model: Module, optimizer: Any, steps: int) -> None:
    """What a training loop does."""
    for _ in range(steps):
        model.forward()
        optimizer.zero_grad()
        model.backward()
        optimizer.step()


def same_arrays(a: dict[str, Array], b: dict[str, Array]) -> bool:
    """Whether two models' arrays are equal bit for bit."""
    return a.keys() == b.keys() and all(a[name].tobytes() == b[name].tobytes() for name in a)
