"""The small classes that docs/OPTIMIZERS.md tries things with: a ravine and two worse Adams."""

import math
from typing import Any

import numpy as np

from npgpt_core import Module
from npgpt_optim import Adam

TURN = np.array([[1, -1], [1, 1]]) / math.sqrt(2)  # by 45 degrees


class Ravine(Module):
    """loss = ½ pᵀ H p: flat along the first axis, steep along the second, unless turned."""

    def __init__(self, turn: Any = ((1, 0), (0, 1))) -> None:
        super().__init__()
        turn = np.array(turn)
        self.curvature = turn @ np.diag([1.0, 50.0]) @ turn.T  # H
        self.parameter("p", turn @ [-4.0, 1.0], np.float64)

    def forward(self) -> float:
        """The height."""
        return float(self.p @ self.curvature @ self.p) / 2

    def backward(self) -> None:
        """The slope: dp = H p."""
        self.dp += self.curvature @ self.p


class UncorrectedAdam(Adam):
    """Adam without bias correction: as if its means had been running for ever."""

    def __init__(self, model: Any, **options: float) -> None:
        super().__init__(model, **options)
        self.t = 10**9  # so β₁ᵗ and β₂ᵗ are 0


class L2Adam(Adam):
    """Adam with the weight decay in the gradient: what AdamW corrects."""

    def __init__(self, model: Any, *, weight_decay: float, **options: float) -> None:
        super().__init__(model, **options)
        self.weight_decay = weight_decay

    def update(self, name: str, parameter: Any, gradient: Any, slots: Any) -> None:
        """Add λ p to the gradient, then Adam."""
        if self.parameters[name].ndim >= 2:
            gradient += self.weight_decay * parameter
        super().update(name, parameter, gradient, slots)
