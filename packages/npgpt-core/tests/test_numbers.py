"""What counts as a number, and that no number of a user's breaks the message about it."""

import math

import numpy as np
import pytest

from npgpt_core import GroupedQueryAttention, LayerNorm, Linear, NpgptError, Rotary
from npgpt_core.errors import short_repr
from npgpt_core.numbers import is_finite, real_number, whole_number
from npgpt_core.sampling import check_options

HUGE = 10**5000  # more digits than Python prints
RNG = np.random.default_rng(0)


def test_a_short_repr_never_fails():
    nested = []
    for _ in range(100_000):
        nested = [nested]
    assert short_repr("word") == "'word'"
    assert short_repr("word" * 100, 8) == "'wordwor"
    assert short_repr(HUGE) == "<int too long to show>"
    assert short_repr(nested) == "<list too long to show>"


@pytest.mark.parametrize("value", [3, -0.5, np.float32(1), np.int64(-7), 10**308])
def test_finite(value):
    assert is_finite(value)


@pytest.mark.parametrize("value", [math.nan, -math.inf, np.float32("inf"), 10**309, True, "3"])
def test_not_finite(value):
    assert not is_finite(value)


@pytest.mark.parametrize(
    "refuse",
    [
        lambda: whole_number("n", HUGE),
        lambda: whole_number("n", -HUGE),
        lambda: real_number("lr", HUGE, 0, math.inf),
        lambda: real_number("lr", -HUGE, 0, math.inf),
        lambda: Linear(HUGE, 2, rng=RNG),
        lambda: LayerNorm(2, eps=HUGE),
        lambda: Rotary(4, 8, theta=HUGE),
        lambda: GroupedQueryAttention(4, HUGE, 3, rng=RNG),
        lambda: check_options(10, HUGE, None, None, ()),
        lambda: check_options(10, 1.0, -HUGE, None, ()),
        lambda: check_options(10, 1.0, None, HUGE, ()),
        lambda: check_options(10, 1.0, None, None, (HUGE,)),
    ],
)
def test_a_huge_integer_is_refused_in_one_line(refuse):
    with pytest.raises(NpgptError, match="too long to show"):
        refuse()
