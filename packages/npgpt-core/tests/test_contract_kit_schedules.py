"""Each schedule check can fail: for every id, a schedule that is broken in one place."""

import math

import numpy as np
import pytest

from npgpt_core.testing import parametrize_with_checks, schedule_checks

CHECKS = dict(schedule_checks())


class Linear:
    """A right schedule, to be broken in one place at a time: down to 0 in a line."""

    def __init__(self, *, lr, max_iters):
        self.lr, self.max_iters = lr, max_iters

    def __call__(self, step):
        return self.lr * max(0.0, 1 - step / self.max_iters)


class NoCall:
    def __init__(self, *, lr, max_iters):
        pass


class DefaultIsAnObject(Linear):
    def __init__(self, *, lr, max_iters, shape=math.cos):
        super().__init__(lr=lr, max_iters=max_iters)


class Float32(Linear):
    def __call__(self, step):
        return np.float32(super().__call__(step))


class DividesByZero(Linear):
    def __call__(self, step):
        return super().__call__(step) * (self.max_iters - 1) / (self.max_iters - 1)


class BelowZeroAfterTheEnd(Linear):
    def __call__(self, step):
        return self.lr * (1 - step / self.max_iters)


class Overshoots(Linear):
    def __call__(self, step):
        return 1.01 * super().__call__(step)


class WarmsUpFromZero(Linear):
    def __call__(self, step):
        return self.lr * min(1.0, step / 10)


class Counts(Linear):
    calls = 0

    def __call__(self, step):
        self.calls += 1
        return super().__call__(self.calls)


BROKEN = {
    "protocol": NoCall,
    "options-are-data": DefaultIsAnObject,
    "gives-a-float": Float32,
    "finite-and-not-negative": DividesByZero,
    "past-the-end": BelowZeroAfterTheEnd,
    "never-above-lr": Overshoots,
    "some-step-learns": WarmsUpFromZero,
    "pure": Counts,
}


@parametrize_with_checks("schedule", Linear)
def test_a_right_schedule_passes(check):
    check()


@pytest.mark.parametrize("check_id", BROKEN)
def test_a_broken_schedule_fails(check_id):
    with pytest.raises(AssertionError, match=f"schedule check {check_id}: .{{20}}"):
        CHECKS[check_id](BROKEN[check_id])


@pytest.mark.parametrize("step", [0, 1, 99, 100])
def test_one_step_that_gives_no_float_is_named(step):
    class Once(Linear):
        def __call__(self, at):
            return 0 if at == step else super().__call__(at)

    with pytest.raises(AssertionError, match=f"step {step} gave int 0: return a float"):
        CHECKS["gives-a-float"](Once)


def test_every_check_has_its_broken_schedule():
    assert set(BROKEN) == set(CHECKS)


def test_a_number_that_is_not_finite_or_below_zero_is_named():
    for value in (math.nan, math.inf, -1e-9):
        with pytest.raises(AssertionError, match=f"step 0 of a run of 1 gave {value!r}"):
            CHECKS["finite-and-not-negative"](lambda value=value, **_: lambda step: value)
