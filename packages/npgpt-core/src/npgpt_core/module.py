"""The base of every layer and model: parameters beside their gradients, forward beside backward."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from npgpt_core.state import require_fit
from npgpt_core.types import Array


class Module(ABC):
    """A differentiable function with parameters.

    A subclass declares parameters with ``self.parameter(name, value)``, which makes the arrays
    ``self.<name>`` and ``self.d<name>`` (its gradient). ``forward`` keeps what ``backward`` needs
    with ``self.keep(...)``; ``backward`` fetches it with ``self.take()``, *adds* to the gradients
    of the parameters and returns the gradient of its input. Attributes that are modules, or lists
    of modules, are part of the tree.
    """

    training: bool = True
    _kept: Any = None

    def __init__(self) -> None:
        self._parameter_names: list[str] = []

    # ---------------------------------------------------------------- the mathematics

    @abstractmethod
    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Compute the output; in training mode keep what ``backward`` needs."""

    @abstractmethod
    def backward(self, *doutputs: Any, **options: Any) -> Any:
        """Add to the gradients of the parameters and return the gradient of the input.

        ``npgpt explain backward`` shows the first line of the docstring as the mathematics: that of
        the input, then that of each parameter, with semicolons between.
        """

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """The same as ``forward``."""
        return self.forward(*inputs, **options)

    def keep(self, *values: Any) -> None:
        """Hold values for the one ``backward`` that follows; in evaluation mode hold nothing."""
        if self.training:
            self._kept = values

    def take(self) -> Any:
        """Give what ``keep`` held (one value alone, several as a tuple), and let go of it.

        Raises:
            RuntimeError: ``backward`` without a ``forward`` in training mode before it, or twice.
        """
        if self._kept is None:
            mode = (
                "" if self.training else " (in evaluation mode forward keeps nothing: call train())"
            )
            raise RuntimeError(
                f"{type(self).__name__}.backward() needs one forward() before each call{mode}"
            )
        values, self._kept = self._kept, None
        return values[0] if len(values) == 1 else values

    # ---------------------------------------------------------------- parameters

    def parameter(self, name: str, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> None:
        """Make ``self.<name>`` from ``value``, and its gradient ``self.d<name>``, zero."""
        array = np.array(value, dtype=dtype, order="C")
        self.share(name, array, np.zeros_like(array))

    def share(self, name: str, array: Array, grad: Array) -> None:
        """Use a parameter of another module, and its gradient, as ``self.<name>``: weight tying."""
        if name in self._parameter_names:
            raise ValueError(f"{type(self).__name__} has a parameter {name!r} already")
        if not (array.flags.c_contiguous and grad.flags.c_contiguous):
            raise ValueError(f"{name} is a view that is not contiguous: share the array itself")
        setattr(self, name, array)
        setattr(self, "d" + name, grad)
        self._parameter_names.append(name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse to rebind a parameter or gradient: optimizers and replicas hold the same array."""
        for own in self.__dict__.get("_parameter_names", ()):
            if name in (own, "d" + own) and value is not self.__dict__[name]:
                raise AttributeError(
                    f"{type(self).__name__}.{name} is held by others: write into it"
                    f" ({name}[...] = value or {name} += value), do not rebind it"
                )
        super().__setattr__(name, value)

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Yield this module ("" or ``prefix``) and all below it, with dotted names, in order."""
        yield prefix, self
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield from value.named_modules(_join(prefix, name))
            elif isinstance(value, (list, tuple)):
                for i, item in enumerate(value):
                    if isinstance(item, Module):
                        yield from item.named_modules(_join(prefix, f"{name}.{i}"))

    def _parameter_pairs(self) -> Iterator[tuple[str, Array, Array]]:
        seen: set[int] = set()
        for prefix, module in self.named_modules():
            for name in module._parameter_names:
                array = getattr(module, name)
                if id(array) not in seen:
                    seen.add(id(array))
                    yield _join(prefix, name), array, getattr(module, "d" + name)

    def parameters(self) -> dict[str, Array]:
        """Dotted name -> parameter, the array itself; a shared array once, under its first name."""
        return {name: array for name, array, _ in self._parameter_pairs()}

    def grads(self) -> dict[str, Array]:
        """The names of ``parameters()`` -> gradient, the array itself."""
        return {name: grad for name, _, grad in self._parameter_pairs()}

    def num_parameters(self) -> int:
        """How many numbers the parameters hold."""
        return sum(array.size for array in self.parameters().values())

    def zero_grad(self) -> None:
        """Set every gradient to zero, in place."""
        for grad in self.grads().values():
            grad.fill(0)

    # ---------------------------------------------------------------- modes, state, replicas

    def train(self, mode: bool = True) -> Self:
        """Switch this module and all below it to training mode (or, with False, out of it)."""
        for _, module in self.named_modules():
            module.training = mode
            module._kept = None
        return self

    def eval(self) -> Self:
        """Switch to evaluation mode: forward keeps nothing and dropout is off."""
        return self.train(False)

    def use_rng(self, rng: np.random.Generator) -> None:
        """Let every module below that draws random numbers (dropout) draw them from ``rng``."""
        for _, module in self.named_modules():
            if "rng" in vars(module):
                module.rng = rng

    def state_dict(self) -> dict[str, Array]:
        """Copies of the parameters by dotted name."""
        return {name: array.copy() for name, array in self.parameters().items()}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Write the parameters in place, all or none.

        Raises:
            NpgptError: names every missing, unexpected and misshapen key.
        """
        own = self.parameters()
        require_fit(self, own, state)
        arrays = {name: np.asarray(state[name], array.dtype) for name, array in own.items()}
        for name, array in own.items():
            array[...] = arrays[name]

    def replica(self) -> Self:
        """A copy with the same parameter arrays but gradients and kept values of its own."""
        memo: dict[int, Any] = {}
        for _, array, grad in self._parameter_pairs():
            memo[id(array)] = array
            memo[id(grad)] = np.zeros_like(grad)
        return copy.deepcopy(self, memo)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy takes over: everything but the kept values."""
        return {name: value for name, value in vars(self).items() if name != "_kept"}


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
