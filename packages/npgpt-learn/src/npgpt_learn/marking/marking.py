"""How an exercise is marked: inputs are drawn, results measured, and the truth is said."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from npgpt_core.types import Array
from npgpt_learn.marking.code import Code
from npgpt_learn.marking.inputs import draw, sizes_of

Results = dict[str, Any]
"""Name -> array, number, text or list."""

Measure = Callable[..., Results]
"""Takes code, whose functions are its attributes, and inputs by name; gives what is marked."""


@dataclass(frozen=True)
class Case:
    """One set of inputs, and what is measured with them.

    Attributes:
        sizes: letter -> number.
        given: what the functions are called with, by name.
        function: that measures.
        before: noise that is in an array which results are to be added to, by name.
        says: what is said of a result that is wrong if nothing more is known.
        above: the name of the input that all gradients are proportional to; "" if none is.
        reference: says the truth in the place of the solution, if it is given.
        unasked: results that the learner does not write; they are reported only if they are wrong.
    """

    sizes: Mapping[str, int]
    given: Mapping[str, Any]
    function: Measure
    says: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, Array] = field(default_factory=dict)
    above: str = ""
    reference: Callable[..., Results] | None = None
    unasked: Sequence[str] = ()

    def is_gradient(self, result: str) -> bool:
        """Whether a result is known to be the gradient of an input."""
        return False

    def measure(self, code: Code) -> Results:
        """What the code gives.

        Raises:
            Failure: it fails.
        """
        return self.function(code, **self.given)

    def truth(self, solution: Code) -> Results:
        """What it should give: what the solution gives, or the reference."""
        if self.reference is not None:
            return self.reference(**self.given)
        return self.measure(solution)


class Marking:
    """Marks what functions give for inputs that are drawn.

    Args:
        measure: takes the code, whose functions are its attributes, and the inputs by name; gives
            the results that are marked, by name.
        reference: takes the inputs by name, and gives the truth; what the solution gives if None.
        says: what is said of a result that is wrong, by name, if nothing more is known.
        seconds: that marking may take.
        last: whether this is marked only once all before it is right.
        sizes: of letters whose size follows from others, such as C = H · D.
        inputs: name -> shape in letters, or a value (``inputs``). These arrays refuse writes.

    Attributes:
        name: of the function that is marked; "" if it is none in particular.
    """

    def __init__(
        self,
        measure: Measure,
        *,
        reference: Callable[..., Results] | None = None,
        says: Mapping[str, str] | None = None,
        seconds: float = 5.0,
        last: bool = False,
        sizes: Callable[[Mapping[str, int]], Mapping[str, int]] | None = None,
        **inputs: Any,
    ) -> None:
        self._measure, self._sizes, self.inputs = measure, sizes, inputs
        self._reference, self._says = reference, says or {}
        self.seconds, self.last = seconds, last
        self.name = ""

    def case(self, solution: Code, small: bool, rng: np.random.Generator) -> Case:
        """Draw inputs: in the small case few and simple numbers, to be shown."""
        sizes = sizes_of(self.inputs, small)
        if self._sizes is not None:
            sizes |= self._sizes(sizes)
        drawn = {name: draw(shape, sizes, small, rng) for name, shape in self.inputs.items()}
        return Case(sizes, drawn, self._measure, self._says, reference=self._reference)
