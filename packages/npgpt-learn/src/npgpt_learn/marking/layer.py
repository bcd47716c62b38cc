"""A function and its backward pass, marked against central differences."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from npgpt_core.testing.gradients import numerical_gradient
from npgpt_core.types import Array
from npgpt_learn.marking.code import Code, Failure, parameters_of, returned_by, same_function
from npgpt_learn.marking.inputs import floats, frozen
from npgpt_learn.marking.marking import Case, Marking, Results
from npgpt_learn.skeleton import skeleton_of


class Layer(Marking):
    """Marks ``NAME_backward`` as the backward pass of ``NAME``.

    The solution's own names say what is what. ``NAME(x, W)`` returns its output first, then what
    the backward pass needs again. The parameters of ``NAME_backward`` are the gradient of that
    output (``dy``; none if it is a number, the loss itself), inputs and outputs of ``NAME``, and
    the gradients of inputs that it adds to (``dW``). What it returns are gradients too (``dx``).

    Args:
        name: of the function.
        seconds, sizes, inputs: as ``Marking`` takes them, with the inputs of the function.
    """

    def __init__(
        self,
        name: str,
        *,
        seconds: float = 5.0,
        sizes: Callable[[Mapping[str, int]], Mapping[str, int]] | None = None,
        **inputs: Any,
    ) -> None:
        super().__init__(dict, seconds=seconds, sizes=sizes, **inputs)
        self.name = name

    def case(self, solution: Code, small: bool, rng: np.random.Generator) -> Case:
        """Inputs, the outputs for them, a gradient that comes from above, and noise to add to."""
        drawn = super().case(solution, small, rng)
        passes = Passes.of(self.name, solution.source)
        outputs = passes.forward(solution, drawn.given)
        given = same_function(self.name, solution.source, skeleton_of(solution.source))
        dy = f"d{passes.y}"
        above = floats(np.shape(outputs[passes.y]), small, rng)
        before = {
            f"d{name}": floats(np.shape(value), small, rng)
            for name, value in drawn.given.items()
            if f"d{name}" in passes.backward_parameters
        }
        kept = {name: frozen(value) for name, value in {**outputs, dy: above}.items()}
        return LayerCase(
            drawn.sizes,
            {**drawn.given, **kept},
            drawn.function,
            before=before,
            above=dy if dy in passes.backward_parameters else "",
            unasked=(passes.y,) if given else (),
            passes=passes,
        )


@dataclass(frozen=True)
class Passes:
    """The two functions of a layer, and the names that the solution has for what goes through them.

    Attributes:
        name: of the function.
        parameters: what it takes.
        outputs: what it returns.
        backward_parameters: what its backward pass takes.
        returned: what that returns.
    """

    name: str
    parameters: Sequence[str]
    outputs: Sequence[str]
    backward_parameters: Sequence[str]
    returned: Sequence[str]

    @classmethod
    def of(cls, name: str, solution: str) -> "Passes":
        """Read the names in a solution."""
        backward = f"{name}_backward"
        return cls(
            name,
            parameters_of(solution, name),
            returned_by(solution, name),
            parameters_of(solution, backward),
            returned_by(solution, backward),
        )

    @property
    def y(self) -> str:
        """The output that has a gradient."""
        return self.outputs[0]

    def forward(self, code: Code, given: Mapping[str, Any]) -> Results:
        """The outputs, by name."""
        return _call(code, self.name, [given[name] for name in self.parameters], self.outputs)

    def backward(self, code: Code, given: Mapping[str, Any]) -> Results:
        """What the backward pass returns, by name."""
        arguments = [given[name] for name in self.backward_parameters]
        return _call(code, f"{self.name}_backward", arguments, self.returned)


@dataclass(frozen=True)
class LayerCase(Case):
    """A case whose ``given`` has the outputs of the solution and the gradient of the first, too."""

    passes: Passes = field(kw_only=True)

    def is_gradient(self, result: str) -> bool:
        """Whether the backward pass returns it, or adds to it."""
        return result in self.before or result in self.passes.returned

    def measure(self, code: Code) -> Results:
        """The output, and the gradients: those added to without what was there before."""
        y = self.passes.y
        output = self.passes.forward(code, self.given)[y]
        after = {name: noise.copy() for name, noise in self.before.items()}
        returned = self.passes.backward(code, {**self.given, **after})
        added = {name: after[name] - noise for name, noise in self.before.items()}
        return {y: output, **added, **returned}

    def truth(self, solution: Code) -> Results:
        """The output, and central differences of Σ dy · y with respect to the inputs."""
        y, gradients = self.passes.y, (*self.before, *self.passes.returned)
        differences = {dx: self._difference(solution, dx.removeprefix("d")) for dx in gradients}
        return {y: self.given[y], **differences}

    def _difference(self, solution: Code, name: str) -> Array:
        moved = {**self.given, name: self.given[name].copy()}
        dy = self.given[self.above] if self.above else 1.0

        def loss() -> float:
            return float(np.sum(self.passes.forward(solution, moved)[self.passes.y] * dy))

        return numerical_gradient(loss, moved[name])


def _call(code: Code, function: str, arguments: Sequence[Any], names: Sequence[str]) -> Results:
    """What a function returns, by name; all is the same where it returns nothing."""
    value = getattr(code, function)(*arguments)
    if not names:
        return {}
    if value is None or value is ...:
        return dict.fromkeys(names, value)
    values = value if len(names) > 1 and isinstance(value, tuple) else (value,)
    if len(values) != len(names):
        what = "1 value" if len(values) == 1 else f"{len(values)} values"
        raise Failure(f"{function} returned {what}, expected {', '.join(names)}")
    return dict(zip(names, values, strict=True))
