"""Schedules beyond their contract: closed forms, defaults and the ranges of their options."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core import NpgptError
from npgpt_optim import Constant, Step, WarmupCosine

EVERY = [Constant, Step, WarmupCosine]
iters = st.integers(0, 50)


@pytest.mark.parametrize("kind", EVERY)
def test_is_frozen(kind):
    schedule = kind(lr=0.1, max_iters=10)
    with pytest.raises(dataclasses.FrozenInstanceError):
        schedule.lr = 1.0


def test_constant_is_constant():
    assert {Constant(lr=0.3, max_iters=5)(step) for step in range(20)} == {0.3}


# ---------------------------------------------------------------- Step


def test_step_falls_by_gamma_every_step_size():
    schedule = Step(lr=1.0, max_iters=100, step_size=3, gamma=0.5)
    assert [schedule(step) for step in range(8)] == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]


@pytest.mark.parametrize("max_iters", [9, 8, 7, 1])
def test_step_falls_twice_within_a_run_unless_told(max_iters):
    schedule = Step(lr=1.0, max_iters=max_iters)
    third = math.ceil(max_iters / 3)
    assert schedule(0) == schedule(third - 1) == 1
    assert schedule(third) == pytest.approx(0.1)
    assert schedule(2 * third) == pytest.approx(0.01)


# ---------------------------------------------------------------- WarmupCosine


def test_warmup_cosine_in_closed_form():
    schedule = WarmupCosine(lr=1.0, max_iters=12, min_lr=0.2, warmup_iters=4)
    assert [schedule(step) for step in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert schedule(6) == pytest.approx(0.2 + 0.4 * (1 + math.cos(math.pi / 4)))
    assert schedule(8) == pytest.approx(0.6)
    assert schedule(12) == schedule(13) == schedule(10**6) == 0.2


def test_a_tenth_of_the_run_and_a_tenth_of_lr_are_the_defaults():
    short = WarmupCosine(lr=1.0, max_iters=100)
    full = WarmupCosine(lr=1.0, max_iters=100, min_lr=0.1, warmup_iters=10)
    assert short == full
    assert [short(step) for step in range(120)] == [full(step) for step in range(120)]
    assert Step(lr=1.0, max_iters=100) == Step(lr=1.0, max_iters=100, step_size=34)


@given(max_iters=iters, warmup=iters, low=st.floats(0, 0.1))
def test_up_over_the_warmup_then_down_to_min_lr_and_flat(max_iters, warmup, low):
    schedule = WarmupCosine(lr=0.1, max_iters=max_iters, min_lr=low, warmup_iters=warmup)
    end = max(max_iters, warmup)
    rates = [schedule(step) for step in range(end + 5)]
    assert all(0 <= rate <= 0.1 + 1e-15 for rate in rates)
    rise, fall = rates[:warmup], rates[warmup:end]
    assert rise == sorted(rise)
    assert rise[-1:] in ([], [pytest.approx(0.1)])
    assert fall == sorted(fall, reverse=True)
    assert fall[:1] in ([], [pytest.approx(0.1)])
    assert rates[end:] == [low] * 5


def test_a_warmup_of_0_starts_at_the_top():
    assert WarmupCosine(lr=0.1, max_iters=10, warmup_iters=0)(0) == pytest.approx(0.1)


@pytest.mark.parametrize("warmup", [10, 25])
def test_a_warmup_as_long_as_the_run_never_comes_down_within_it(warmup):
    schedule = WarmupCosine(lr=0.1, max_iters=10, warmup_iters=warmup)
    for step in range(10):
        assert schedule(step) == pytest.approx(0.1 * (step + 1) / warmup)


# ---------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (Constant, {"lr": -1.0}, "lr is -1.0, expected a finite number of at least 0"),
        (Constant, {"lr": math.nan}, "lr is nan"),
        (Constant, {"lr": "1"}, "lr is '1', expected a finite number"),
        (Constant, {"max_iters": 1.5}, "max_iters is 1.5, expected a whole number"),
        (Step, {"lr": math.inf}, "lr is inf"),
        (Constant, {"max_iters": -1}, "max_iters is -1, expected a whole number of at least 0"),
        (Constant, {"lr": True}, "lr is True"),
        (Step, {"step_size": 2.5}, "step_size is 2.5"),
        (Step, {"step_size": True}, "step_size is True"),
        (Step, {"gamma": False}, "gamma is False"),
        (WarmupCosine, {"min_lr": "0"}, "min_lr is '0'"),
        (WarmupCosine, {"warmup_iters": math.nan}, "warmup_iters is nan"),
        (WarmupCosine, {"warmup_iters": True}, "warmup_iters is True"),
        (Step, {"step_size": 0}, "step_size is 0, expected a whole number of at least 1"),
        (Step, {"gamma": -0.1}, "gamma is -0.1"),
        (Step, {"gamma": 1.1}, "gamma is 1.1"),
        (Step, {"gamma": math.nan}, "gamma is nan"),
        (WarmupCosine, {"min_lr": 0.2}, "min_lr is 0.2, expected from 0 to lr = 0.1"),
        (WarmupCosine, {"min_lr": -0.1}, "min_lr is -0.1"),
        (
            WarmupCosine,
            {"warmup_iters": -1},
            "warmup_iters is -1, expected a whole number of at least 0",
        ),
    ],
)
def test_an_option_out_of_range_is_named(kind, options, message):
    with pytest.raises(NpgptError, match=message):
        kind(**{"lr": 0.1, "max_iters": 10, **options})


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (Constant, {"lr": 0.0, "max_iters": 0}),
        (Constant, {"lr": np.float32(0.1), "max_iters": np.int64(3)}),
        (Step, {"step_size": 1, "gamma": 0}),
        (Step, {"step_size": 1, "gamma": 1}),
        (WarmupCosine, {"min_lr": 0, "warmup_iters": 0}),
        (WarmupCosine, {"min_lr": 0.1}),
    ],
)
def test_the_ends_of_the_ranges_are_in_them(kind, options):
    schedule = kind(**{"lr": 0.1, "max_iters": 10, **options})
    assert 0 <= schedule(5) <= schedule.lr
