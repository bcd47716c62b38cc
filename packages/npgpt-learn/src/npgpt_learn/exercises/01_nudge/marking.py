"""The gradient of a curved function, and x as it is afterwards."""

import numpy as np

from npgpt_learn import Marking


def measure(code, x, a):
    """The gradient at x, and whether x is as it was."""
    x = x.copy()  # the inputs refuse writes, a copy does not

    def f(x):
        return float((a * np.sin(x) + x[0, 0] * x**2).sum())

    return {"gradient": code.nudge(f, x, 1e-4), "x": x}


MARKING = Marking(
    measure,
    says={"x": "x is not as it was given: put each number back before the next has its turn"},
    x="N C",
    a="N C",
)
