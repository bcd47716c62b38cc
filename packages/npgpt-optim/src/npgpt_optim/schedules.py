"""Learning-rate schedules: pure functions of the step, so that a run keeps no state of them."""

import math
from dataclasses import dataclass

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.numbers import is_finite, is_real, whole_number


@dataclass(frozen=True)
class Schedule:
    """What every schedule is given.

    Args:
        lr: the highest learning rate.
        max_iters: number of steps of the run; a step past it is legal.
    """

    lr: float
    max_iters: int

    def __post_init__(self) -> None:
        if not (is_finite(self.lr) and self.lr >= 0):
            raise NpgptError(f"lr is {short_repr(self.lr)}, expected a finite number of at least 0")
        whole_number("max_iters", self.max_iters, least=0)

    def _settle(self, name: str, default: float) -> None:
        """Choose an option that is left open, so that a run records what was chosen."""
        if getattr(self, name) is None:
            object.__setattr__(self, name, default)


@dataclass(frozen=True)
class Constant(Schedule):
    """The same learning rate at every step.

    Args:
        lr: the learning rate.
        max_iters: number of steps of the run (not used).
    """

    def __call__(self, step: int) -> float:
        """The learning rate, whatever the step."""
        return self.lr


@dataclass(frozen=True)
class Step(Schedule):
    """The learning rate falls by a factor every so many steps.

    Args:
        lr: the learning rate of the first steps.
        max_iters: number of steps of the run.
        step_size: steps between two falls; a third of the run unless given.
        gamma: the factor, from 0 to 1.
    """

    step_size: int = None  # type: ignore[assignment]  # a number as soon as it is made
    gamma: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self._settle("step_size", max(1, math.ceil(self.max_iters / 3)))
        whole_number("step_size", self.step_size)
        if not (is_real(self.gamma) and 0 <= self.gamma <= 1):
            raise NpgptError(f"gamma is {short_repr(self.gamma)}, expected from 0 to 1")

    def __call__(self, step: int) -> float:
        """The learning rate after ``step // step_size`` falls."""
        return self.lr * self.gamma ** (step // self.step_size)


@dataclass(frozen=True)
class WarmupCosine(Schedule):
    """Up in a line over the first steps, then down along half a cosine to ``min_lr``, then flat.

    Loshchilov & Hutter 2017 (arXiv:1608.03983) for the cosine, Goyal et al. 2017
    (arXiv:1706.02677) for the warm-up. A warm-up of 0 starts at the top; one as long as the run or
    longer never comes down within it.

    Args:
        lr: the highest learning rate.
        max_iters: number of steps of the run.
        min_lr: the lowest learning rate, from the end of the run on; a tenth of lr unless given.
        warmup_iters: steps on the way up; a tenth of the run unless given.
    """

    min_lr: float = None  # type: ignore[assignment]  # numbers as soon as it is made
    warmup_iters: int = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        super().__post_init__()
        self._settle("min_lr", self.lr / 10)
        self._settle("warmup_iters", self.max_iters // 10)
        low = self.min_lr
        if not (is_real(low) and 0 <= low <= self.lr):
            raise NpgptError(f"min_lr is {short_repr(low)}, expected from 0 to lr = {self.lr}")
        whole_number("warmup_iters", self.warmup_iters, least=0)

    def __call__(self, step: int) -> float:
        """The learning rate of a step (0, 1, ...)."""
        low, warmup = self.min_lr, self.warmup_iters
        if step < warmup:
            return self.lr * ((step + 1) / warmup)
        if step >= self.max_iters:
            return low
        progress = (step - warmup) / (self.max_iters - warmup)
        return low + 0.5 * (self.lr - low) * (1 + math.cos(math.pi * progress))
