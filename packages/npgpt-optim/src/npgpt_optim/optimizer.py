"""What all optimizers share: walking parameters, gradients and state in cache-sized pieces."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.numbers import real_number
from npgpt_core.state import require_fit
from npgpt_core.types import Array
from npgpt_core.wrong_input import require_model

PIECE = 1 << 16  # numbers: a few arrays of this length together fit a core's cache
GROUPS = 4  # of pieces, each updated by one call of ``Optimizer.map``


class HasParameters(Protocol):
    """All that an optimizer needs of a model."""

    def parameters(self) -> dict[str, Array]:
        """Name -> parameter."""

    def grads(self) -> dict[str, Array]:
        """The same names -> gradient."""


class Piece(NamedTuple):
    """Matching flat views, each of at most PIECE numbers, of one parameter and its state."""

    name: str
    parameter: Array
    grad: Array
    slots: tuple[Array, ...]


class Optimizer(ABC):
    """Updates the parameters of a model in place.

    A subclass names its arrays of state and says in ``update`` what happens to one piece. All of it
    is elementwise, so the result is the same in pieces; but a piece stays in the cache from the
    first line of the update to the last.

    Args:
        model: anything with ``parameters()`` and ``grads()``.
        lr: learning rate, at least 0; a plain attribute that a training loop may set at each step.
        slots: names of the arrays of state, each of the parameters' shapes, zero at the start.

    Attributes:
        map: applies a function to groups of pieces; a training loop may set it to the ``map`` of a
            thread pool.
    """

    def __init__(self, model: HasParameters, lr: float, slots: tuple[str, ...] = ()) -> None:
        self.lr = real_number("lr", lr, 0, float("inf"))
        self.map: Callable[..., Iterable[Any]] = map
        require_model(type(self).__name__, model, "parameters()", "grads()")
        self.parameters = model.parameters()
        self.grads = model.grads()
        if not self.parameters:
            raise NpgptError(f"{type(self).__name__}: {type(model).__name__} has no parameters")
        self.slots = {
            slot: {name: np.zeros_like(array) for name, array in self.parameters.items()}
            for slot in slots
        }
        self._pieces = [piece for name in self.parameters for piece in self._cut(name)]

    def _cut(self, name: str) -> Iterable[Piece]:
        slots = [slot[name] for slot in self.slots.values()]
        arrays = [self.parameters[name], self.grads[name], *slots]
        flat = [array.reshape(-1) for array in arrays]
        for start in range(0, flat[0].size, PIECE):
            parameter, grad, *rest = (array[start : start + PIECE] for array in flat)
            yield Piece(name, parameter, grad, tuple(rest))

    def step(self) -> None:
        """Apply one update to every parameter, in place."""
        groups = (self._pieces[i::GROUPS] for i in range(GROUPS))
        for _ in self.map(self._update_group, groups):
            pass

    def _update_group(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            self.update(piece, np.empty_like(piece.parameter))

    @abstractmethod
    def update(self, piece: Piece, scratch: Array) -> None:
        """Update one piece in place; ``scratch`` has its shape and may be overwritten."""

    def zero_grad(self) -> None:
        """Set every gradient to zero, in place."""
        for _ in self.map(lambda grad: grad.fill(0), self.grads.values()):
            pass

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
        require_fit(self, self.state_dict(), state)
        for slot, arrays in self.slots.items():
            for name, array in arrays.items():
                array[...] = state[f"{slot}.{name}"]
