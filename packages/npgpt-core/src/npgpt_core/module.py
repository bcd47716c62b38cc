"""The base of every layer and model: parameters beside their gradients, forward beside backward."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from inspect import isfunction
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from npgpt_core.errors import BackwardError, LayerError, NpgptError, RebindingError, short_repr
from npgpt_core.numbers import as_python, whole_number
from npgpt_core.state import require_fit
from npgpt_core.tree import tree
from npgpt_core.types import Array
from npgpt_core.wrong_input import INPUT_ERRORS, checking_gradient, input_error


class Module(ABC):
    """A differentiable function with parameters.

    A subclass declares parameters with ``self.parameter(name, value)``, which makes the arrays
    ``self.<name>`` and ``self.d<name>`` (its gradient). ``forward`` keeps what ``backward`` needs
    with ``self.keep(...)``; ``backward`` fetches it with ``self.take()``, *adds* to the gradients
    of the parameters and returns the gradient of its input. Attributes that are modules, or lists
    or dicts of modules, are part of the tree. ``repr`` shows it.

    An error about a wrong input names the layer, and the shapes in the docstring of its class:
    ``(..., I) -> (..., O)``, where ``self.sizes(I=3, O=2)`` says what the letters are.
    """

    training: bool = True
    _kept: Any = None
    _output_shape: tuple[int, ...] | None = None
    _sizes: Mapping[str, Any] = {}

    def __init__(self) -> None:
        self._parameter_names: list[str] = []

    def __init_subclass__(cls, **options: Any) -> None:
        """Let ``backward`` refuse a gradient of another shape than what ``forward`` gave."""
        super().__init_subclass__(**options)
        if isfunction(backward := vars(cls).get("backward")):
            cls.backward = checking_gradient(backward)  # type: ignore[method-assign]

    def sizes(self, **sizes: Any) -> None:
        """Say what the letters in the docstring's shapes are; a capital one is a whole number.

        Raises:
            LayerError: it is none of at least 1.
        """
        self._sizes = sizes
        for name, size in sizes.items():
            if name.isupper():
                try:
                    whole_number(name, size)
                except NpgptError as error:
                    raise LayerError(self, str(error)) from None

    def _title(self) -> str:
        """The class and its sizes, in one line."""
        sizes = ", ".join(short_repr(as_python(size)) for size in self._sizes.values())
        return f"{type(self).__name__}({sizes})" if sizes else type(self).__name__

    def __repr__(self) -> str:
        """The tree: classes and sizes, parameters, their number and shapes."""
        return tree(self)

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
        """The same as ``forward``; its errors name the layer.

        Raises:
            LayerError: says what came and what was expected.
        """
        try:
            output = self.forward(*inputs, **options)
        except INPUT_ERRORS as error:
            if better := input_error(error, self, inputs, options):
                raise better from error
            raise
        if self._kept is not None:
            self.__dict__["_output_shape"] = getattr(output, "shape", None)
        return output

    def keep(self, *values: Any) -> None:
        """Hold values for the one ``backward`` that follows; in evaluation mode hold nothing."""
        if self.training:
            own = self.__dict__  # past __setattr__, which guards parameters: these are none
            own["_kept"], own["_output_shape"] = values, None

    def take(self) -> Any:
        """Give what ``keep`` held (one value alone, several as a tuple), and let go of it.

        Raises:
            BackwardError: ``backward`` without one ``forward`` in training mode before it.
        """
        if self._kept is None:
            mode = (
                "" if self.training else " (in evaluation mode forward keeps nothing: call train())"
            )
            raise BackwardError(
                f"{type(self).__name__}.backward() needs one forward() before each call{mode}"
            )
        values = self._kept
        self.__dict__["_kept"] = None
        return values[0] if len(values) == 1 else values

    # ---------------------------------------------------------------- parameters

    def parameter(self, name: str, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> None:
        """Make ``self.<name>`` from ``value``, and its gradient ``self.d<name>``, zero."""
        array = np.zeros(np.shape(value), dtype)  # zeros take no memory until they are written to
        if array.dtype.kind != "f":
            raise LayerError(self, f"{name} is {array.dtype}, expected floating-point numbers")
        if np.any(value):
            array[...] = value
        self.share(name, array, np.zeros(array.shape, array.dtype))

    def share(self, name: str, array: Array, grad: Array) -> None:
        """Use a parameter of another module, and its gradient, as ``self.<name>``: weight tying."""
        names = self._own_names()
        if name in names:
            raise NpgptError(f"{type(self).__name__} has a parameter {name!r} already")
        if not (array.flags.c_contiguous and grad.flags.c_contiguous):
            raise NpgptError(f"{name} is a view that is not contiguous: share the array itself")
        setattr(self, name, array)
        setattr(self, "d" + name, grad)
        names.append(name)

    def _own_names(self) -> list[str]:
        try:
            return self._parameter_names
        except AttributeError as error:
            name = type(self).__name__
            raise NpgptError(
                f"{name} has no place for parameters: {name}.__init__ must begin with"
                " super().__init__()"
            ) from error

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse to rebind a parameter or gradient: optimizers and replicas hold the same array."""
        for own in self.__dict__.get("_parameter_names", ()):
            if name in (own, "d" + own) and value is not self.__dict__[name]:
                raise RebindingError(
                    f"{type(self).__name__}.{name} is held by others: write into it"
                    f" ({name}[...] = value or {name} += value), do not rebind it"
                )
        super().__setattr__(name, value)

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Yield this module ("" or ``prefix``) and all below it, with dotted names, in order."""
        yield prefix, self
        for name, module in self.named_children():
            yield from module.named_modules(_join(prefix, name))

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield the modules directly below, those in lists and dicts as ``blocks.0``."""
        for name, value in vars(self).items():
            yield from _modules_in(name, value)

    def own_parameters(self) -> dict[str, Array]:
        """Name -> parameter of this module alone."""
        return {name: getattr(self, name) for name in self._own_names()}

    def _parameter_pairs(self) -> Iterator[tuple[str, Array, Array]]:
        seen: set[int] = set()
        for prefix, module in self.named_modules():
            for name in module._own_names():
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

    @property
    def nbytes(self) -> int:
        """How many bytes the parameters take; their gradients take as many once written to."""
        return sum(array.nbytes for array in self.parameters().values())

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

    def use_rng(self, rng: np.random.Generator | None) -> None:
        """Let every module below that has an attribute ``rng`` draw its random numbers from this.

        None lets it draw none: training mode then gives what evaluation mode gives.
        """
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
            memo[id(grad)] = np.zeros(grad.shape, grad.dtype)
        return copy.deepcopy(self, memo)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy takes over: everything but the kept values."""
        return {name: value for name, value in vars(self).items() if name != "_kept"}


def _modules_in(name: str, value: Any) -> Iterator[tuple[str, Module]]:
    """The modules that an attribute is or holds, in lists and dicts too."""
    if isinstance(value, Module):
        yield name, value
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from _modules_in(f"{name}.{i}", item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _modules_in(f"{name}.{key}", item)


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
