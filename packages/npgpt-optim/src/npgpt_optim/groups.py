"""One optimizer made of several: each updates the parameters that a rule gives to it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from npgpt_core.errors import NpgptError
from npgpt_core.numbers import real_number
from npgpt_core.parameter_roles import embeddings_and_head
from npgpt_core.state import require_fit
from npgpt_core.types import Array
from npgpt_core.wrong_input import require_model
from npgpt_optim.optimizer import HasParameters


@dataclass(frozen=True)
class Group:
    """A rule, and the optimizer of the parameters that it takes.

    Args:
        takes: (name, parameter) -> whether this group takes the parameter.
        optimizer: made as ``optimizer(model, lr=...)``: a class, or a ``functools.partial``.
        relative_lr: learning rate of this group, as a multiple of that of all.
    """

    takes: Callable[[str, Array], bool]
    optimizer: Callable[..., Any]
    relative_lr: float = 1.0


@dataclass(frozen=True)
class _Members:
    """The parameters of one group, as an optimizer asks a model for them."""

    arrays: dict[str, Array]
    gradients: dict[str, Array]

    def parameters(self) -> dict[str, Array]:
        return self.arrays

    def grads(self) -> dict[str, Array]:
        return self.gradients


class Grouped:
    """Updates each group of parameters by an optimizer of its own.

    A parameter belongs to the first group that takes it. A group without parameters has no
    optimizer. The state of a group has the group's name before it: "adamw.m.head.weight".

    Args:
        model: anything with ``parameters()`` and ``grads()``.
        lr: learning rate, at least 0; a plain attribute that a training loop may set at each step.
        groups: name -> group, in order.

    Attributes:
        map: handed on to the optimizers, see ``Optimizer``.
        optimizers: name of the group -> its optimizer.

    Raises:
        NpgptError: a parameter that no group takes, or a model without any.
    """

    def __init__(self, model: HasParameters, lr: float, groups: Mapping[str, Group]) -> None:
        self.lr = real_number("lr", lr, 0, float("inf"))
        self.map: Callable[..., Iterable[Any]] = map
        title = type(self).__name__
        require_model(title, model, "parameters()", "grads()")
        parameters, self.grads = model.parameters(), model.grads()
        if not parameters:
            raise NpgptError(f"{title}: {type(model).__name__} has no parameters")
        names: dict[str, list[str]] = {}
        for name, array in parameters.items():
            takers = (key for key, group in groups.items() if group.takes(name, array))
            key = next(takers, None)
            if key is None:
                raise NpgptError(
                    f"{title}: no group takes {name} {array.shape}: let the last one take all"
                )
            names.setdefault(key, []).append(name)
        self.relative_lrs = {
            key: real_number("relative_lr", group.relative_lr, 0, float("inf"))
            for key, group in groups.items()
        }
        self.optimizers = {
            key: group.optimizer(
                _Members(
                    {name: parameters[name] for name in names[key]},
                    {name: self.grads[name] for name in names[key]},
                ),
                lr=self.lr * self.relative_lrs[key],
            )
            for key, group in groups.items()
            if key in names
        }

    def step(self) -> None:
        """Apply one update to every parameter, in place."""
        for key, optimizer in self.optimizers.items():
            optimizer.lr = self.lr * self.relative_lrs[key]
            if hasattr(optimizer, "map"):
                optimizer.map = self.map
            optimizer.step()

    def zero_grad(self) -> None:
        """Set every gradient to zero, in place."""
        for _ in self.map(lambda grad: grad.fill(0), self.grads.values()):
            pass

    def state_dict(self) -> dict[str, Array | float | int]:
        """Copies of the state of all groups: "group.name" -> array or number."""
        return {
            f"{key}.{name}": value
            for key, optimizer in self.optimizers.items()
            for name, value in optimizer.state_dict().items()
        }

    def load_state_dict(self, state: Mapping[str, Array | float | int]) -> None:
        """Take the state over, in place, all or none.

        Raises:
            NpgptError: names every missing, unexpected and misshapen key.
        """
        require_fit(self, self.state_dict(), state)
        for key, optimizer in self.optimizers.items():
            own = optimizer.state_dict()
            optimizer.load_state_dict({name: state[f"{key}.{name}"] for name in own})


def hidden_matrices(model: HasParameters, pattern: str | None = None) -> set[str]:
    """Names of the matrices inside a model, which take a vector of features to another.

    They are the parameters of two axes that belong to no embedding and not to the head.

    Args:
        model: of any architecture; without ``named_modules`` every matrix is a hidden one.
        pattern: takes the matrices whose names match it instead, such as ``blocks.*``: ``*`` stands
            for any characters, ``?`` for one, ``[ab]`` for one of these.
    """
    matrices = {name for name, array in model.parameters().items() if array.ndim == 2}
    if pattern is not None:
        return {name for name in matrices if fnmatchcase(name, pattern)}
    if not hasattr(model, "named_modules"):
        return matrices
    return matrices - embeddings_and_head(model).keys()  # type: ignore[arg-type]
