"""What all optimizers share: names, state and steps; and cache-sized pieces for those that can."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import isfunction, signature
from typing import Any, NamedTuple, Protocol

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.numbers import real_number
from npgpt_core.state import require_fit
from npgpt_core.types import Array
from npgpt_core.wrong_input import require_model

PIECE = 1 << 16  # numbers: a few arrays of this length together fit a core's cache
TASKS = 4  # of pieces, each updated by one call of ``Optimizer.map``


class HasParameters(Protocol):
    """All that an optimizer needs of a model."""

    def parameters(self) -> dict[str, Array]:
        """Name -> parameter."""

    def grads(self) -> dict[str, Array]:
        """The same names -> gradient."""


class Piece(NamedTuple):
    """Matching arrays, which one ``update`` takes: a whole parameter, or flat views of a part."""

    name: str
    parameter: Array
    grad: Array
    slots: tuple[Array, ...]


class Optimizer(ABC):
    """Updates the parameters of a model in place.

    A subclass names its arrays of state and says in ``update`` what happens to one parameter. One
    that treats each number by itself is an ``Elementwise``.

    Args:
        model: anything with ``parameters()`` and ``grads()``.
        lr: learning rate, at least 0; a plain attribute that a training loop may set at each step.
        slots: names of the arrays of state, each of the parameters' shapes, zero at the start.

    Attributes:
        map: applies a function to lists of pieces; a training loop may set it to the ``map`` of a
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
        self._tasks = self._divide([self._whole(name) for name in self.parameters])

    def __init_subclass__(cls, **options: Any) -> None:
        """Let an ``update(piece, scratch)``, as npgpt 0.1 had it, work on."""
        super().__init_subclass__(**options)
        update = vars(cls).get("update")
        if isfunction(update) and len(signature(update).parameters) == 3:  # self, piece, scratch
            cls.update = _update_in_pieces(cls, update)  # type: ignore[method-assign]

    def _whole(self, name: str) -> Piece:
        slots = tuple(slot[name] for slot in self.slots.values())
        return Piece(name, self.parameters[name], self.grads[name], slots)

    def _divide(self, parameters: list[Piece]) -> list[list[Piece]]:
        """The pieces that each call of ``map``'s function updates: here one whole parameter."""
        return [[parameter] for parameter in parameters]

    def step(self) -> None:
        """Apply one update to every parameter, in place."""
        for _ in self.map(self._update_all, self._tasks):
            pass

    def _update_all(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            self.update(*piece)

    @abstractmethod
    def update(
        self, name: str, parameter: Array, gradient: Array, slots: tuple[Array, ...]
    ) -> None:
        """Update one parameter and its state in place, from a gradient that is not written into.

        Several are updated at the same time, in threads.

        Args:
            name: of the parameter, dotted.
            parameter: of any shape.
            gradient: of the same shape.
            slots: the arrays of state, in the order of their names, each of the same shape.
        """

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


class Elementwise(Optimizer):
    """An optimizer whose ``update`` treats each number by itself.

    So the result is the same in pieces; but a piece stays in the cache from the first line of the
    update to the last. ``update`` gets matching flat views of at most PIECE numbers.
    """

    def _divide(self, parameters: list[Piece]) -> list[list[Piece]]:
        pieces = [piece for parameter in parameters for piece in cut(parameter)]
        return [pieces[i::TASKS] for i in range(TASKS)]


def cut(whole: Piece) -> Iterator[Piece]:
    """Matching flat views, each of at most PIECE numbers, of a parameter and what belongs to it."""
    name, parameter, grad, slots = whole
    flat = [array.reshape(-1) for array in (parameter, grad, *slots)]
    for start in range(0, parameter.size, PIECE):
        p, g, *rest = (array[start : start + PIECE] for array in flat)
        yield Piece(name, p, g, tuple(rest))


def _update_in_pieces(cls: type, old: Callable[..., None]) -> Callable[..., None]:
    """An ``update(piece, scratch)`` as one of today's arguments; goes with contract 1."""
    warnings.warn(
        f"{cls.__name__}.update(piece, scratch) is deprecated: derive from npgpt_optim.Elementwise"
        " and take update(name, parameter, gradient, slots)",
        DeprecationWarning,
        stacklevel=4,  # the class statement, past ABCMeta
    )

    def update(
        self: Any, name: str, parameter: Array, gradient: Array, slots: tuple[Array, ...]
    ) -> None:
        for piece in cut(Piece(name, parameter, gradient, slots)):
            old(self, piece, np.empty_like(piece.parameter))

    return update
