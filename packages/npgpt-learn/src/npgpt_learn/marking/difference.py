"""A result that is wrong, and all that is known around it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from npgpt_core.types import Array
from npgpt_learn.marking.marking import Case, Results
from npgpt_learn.marking.steps import Step


@dataclass(frozen=True)
class Difference:
    """A result that is wrong, and what is known around it.

    Attributes:
        name: of the result.
        case: the inputs.
        truth: what it should be.
        values: what it is, for the first call and the second.
        others: the truth of the other results, by name.
        ask: what the code gives for other inputs; ``...`` where it fails.
        ask_solution: what the solution gives for them.
        wrong_steps: finds the variables on the way that are wrong.
    """

    name: str
    case: Case
    truth: Any
    values: Sequence[Any]
    others: Results
    ask: Callable[[Case], Any]
    ask_solution: Callable[[Case], Any]
    wrong_steps: Callable[[], Sequence[Step]]

    @cached_property
    def a(self) -> Array:
        """The array that is wrong."""
        return np.asarray(self.values[0], dtype=np.float64)

    @cached_property
    def t(self) -> Array:
        """The true array, of the same shape."""
        return np.asarray(self.truth, dtype=np.float64)


Finding = Callable[[Difference], str]
"""Says one thing of a wrong array of the right shape; "" where it does not hold."""
