"""What all optimizers share: walking parameters, gradients and state in cache-sized pieces."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Protocol

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.types import Array

PIECE = 1 << 15  # numbers: a few arrays of this length together fit a core's cache


class HasParameters(Protocol):
    """All that an optimizer needs of a model."""

    def parameters(self) -> dict[str, Array]:
        """Name -> parameter."""

    def grads(self) -> dict[str, Array]:
        """The same names -> gradient."""


class Optimizer(ABC):
    """Updates the parameters of a model in place.

    A subclass names its arrays of state in ``__init__`` and does its arithmetic in ``step`` on
    ``self.pieces(...)``. Everything elementwise gives the same result in pieces; a piece stays in
    the cache from the first line of the update to the last.

    Args:
        model: anything with ``parameters()`` and ``grads()``.
        lr: learning rate, at least 0; a plain attribute that a training loop may set at each step.
        slots: names of the arrays of state, each of the parameters' shapes, zero at the start.
    """

    def __init__(self, model: HasParameters, lr: float, slots: tuple[str, ...] = ()) -> None:
        check_range("lr", lr, 0, float("inf"))
        self.lr = lr
        self.parameters = model.parameters()
        self.grads = model.grads()
        self.slots = {
            slot: {name: np.zeros_like(array) for name, array in self.parameters.items()}
            for slot in slots
        }

    @abstractmethod
    def step(self) -> None:
        """Apply one update to every parameter, in place."""

    def zero_grad(self) -> None:
        """Set every gradient to zero, in place."""
        for grad in self.grads.values():
            grad.fill(0)

    def pieces(self) -> Iterator[tuple[Array, ...]]:
        """Flat views (parameter, gradient, each slot, scratch) of at most PIECE numbers."""
        for name, parameter in self.parameters.items():
            arrays = [parameter, self.grads[name], *(slot[name] for slot in self.slots.values())]
            flat = [array.reshape(-1) for array in arrays]
            scratch = np.empty(min(PIECE, parameter.size), parameter.dtype)
            for start in range(0, parameter.size, PIECE):
                piece = [array[start : start + PIECE] for array in flat]
                yield (*piece, scratch[: piece[0].size])

    def state_dict(self) -> dict[str, Array | float | int]:
        """Copies of the state: "slot.parameter" -> array."""
        return {
            f"{slot}.{name}": array.copy()
            for slot, arrays in self.slots.items()
            for name, array in arrays.items()
        }

    def load_state_dict(self, state: Mapping[str, Array | float | int]) -> None:
        """Take the state over, in place, all or none.

        Raises:
            NpgptError: names every missing, unexpected and misshapen key.
        """
        own = self.state_dict()
        problems = [f"missing {key}" for key in own if key not in state]
        problems += [f"unexpected {key}" for key in state if key not in own]
        problems += [
            f"{key} has shape {np.shape(state[key])}, expected {np.shape(value)}"
            for key, value in own.items()
            if key in state and np.shape(state[key]) != np.shape(value)
        ]
        if problems:
            raise NpgptError(f"state does not fit {type(self).__name__}: " + "; ".join(problems))
        for slot, arrays in self.slots.items():
            for name, array in arrays.items():
                array[...] = state[f"{slot}.{name}"]


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise an ``NpgptError`` unless low <= value < high."""
    if not low <= value < high:
        raise NpgptError(f"{name} is {value}, expected at least {low} and below {high}")
