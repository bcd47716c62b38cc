"""The contract checks of learning-rate schedules: pure functions of the step."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from npgpt_core.testing.checklist import Check, CheckList, require
from npgpt_core.testing.shared import part_options

schedules = CheckList("schedule")

LR = 3e-4
RUNS = (1, 2, 3, 10, 1000)  # lengths in steps


def schedule_checks() -> Iterator[tuple[str, Check]]:
    """Id and function of every schedule check; takes (lr=..., max_iters=...) -> schedule."""
    return iter(schedules)


@schedules
def protocol(factory: Any) -> None:
    """A schedule is built from ``lr`` and ``max_iters`` by name, and can be called."""
    schedule = factory(lr=LR, max_iters=100)
    require(callable(schedule), f"{schedule!r:.60} cannot be called: add __call__(step) -> float")


schedules.include(part_options, lambda factory: ("schedule", type(factory(lr=LR, max_iters=100))))


@schedules
def gives_a_float(factory: Any) -> None:
    """The learning rate of every step is a ``float``."""
    schedule = factory(lr=LR, max_iters=100)
    for step in (0, 1, 50, 99, 100, 101):
        lr = schedule(step)
        require(
            isinstance(lr, float), f"step {step} gave {type(lr).__name__} {lr!r}: return a float"
        )


@schedules
def finite_and_not_negative(factory: Any) -> None:
    """Every step of a run has a finite learning rate of at least 0."""
    _require_legal(factory, range)


@schedules
def past_the_end(factory: Any) -> None:
    """Steps from ``max_iters`` on have a finite learning rate of at least 0, too."""
    _require_legal(factory, lambda end: (end, end + 1, 2 * end + 7, 100 * end))


@schedules
def never_above_lr(factory: Any) -> None:
    """No learning rate is above the ``lr`` given, which is the highest."""
    for max_iters in RUNS:
        schedule = factory(lr=LR, max_iters=max_iters)
        step = max(range(2 * max_iters + 1), key=schedule)
        highest = schedule(step)
        require(
            highest <= LR * (1 + 1e-9),
            f"step {step} of {max_iters} gave {highest:.6g}, above lr={LR}: scale so that lr is"
            " the highest",
        )


@schedules
def some_step_learns(factory: Any) -> None:
    """In a run of any length the learning rate is above 0 at some step."""
    for max_iters in RUNS:
        schedule = factory(lr=LR, max_iters=max_iters)
        require(
            any(schedule(step) > 0 for step in range(max_iters)),
            f"all {max_iters} steps of a run have a learning rate of 0: nothing would be learned",
        )


@schedules
def pure(factory: Any) -> None:
    """A step has the same learning rate in any order of asking, and in every instance."""
    first, second = factory(lr=LR, max_iters=100), factory(lr=LR, max_iters=100)
    forwards = [first(step) for step in range(120)]
    for other in (
        [first(step) for step in reversed(range(120))][::-1],
        [first(step) for step in range(120)],
        [second(step) for step in reversed(range(120))][::-1],
    ):
        differing = [step for step in range(120) if other[step] != forwards[step]]
        require(
            not differing,
            f"step {differing[:1]} gave another learning rate when asked again, or by an equal"
            " schedule: compute it from the step alone and keep nothing, because a resumed run asks"
            " from its own step on",
        )


def _require_legal(factory: Any, steps: Callable[[int], Iterable[int]]) -> None:
    for max_iters in RUNS:
        schedule = factory(lr=LR, max_iters=max_iters)
        for step in steps(max_iters):
            lr = schedule(step)
            require(
                math.isfinite(lr) and lr >= 0,
                f"step {step} of a run of {max_iters} gave {lr!r}, expected a finite number of at"
                " least 0",
            )
