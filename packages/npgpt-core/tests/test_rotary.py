"""Rotary positions turn pairs of channels, so that only distances count."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core import NpgptError, RopeScaling, Rotary
from npgpt_core.errors import LayerError

SCALING = {
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_block_size": 64,
}


def test_channels_c_and_c_plus_half_are_a_point_that_turns():
    layer, x = Rotary(4, 3), np.random.default_rng(0).normal(size=(3, 4))
    y = layer(x)
    for t, c in np.ndindex(3, 2):
        cos, sin = math.cos(t * 0.01**c), math.sin(t * 0.01**c)
        assert y[t, c] == pytest.approx(x[t, c] * cos - x[t, c + 2] * sin)
        assert y[t, c + 2] == pytest.approx(x[t, c] * sin + x[t, c + 2] * cos)


def test_pair_c_turns_by_theta_to_the_power_of_minus_2c_over_d():
    assert Rotary(8, 1, theta=10_000.0).thetas == pytest.approx((1, 0.1, 0.01, 0.001))


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_a_product_of_two_positions_depends_on_their_distance(i, j, shift):
    layer, (q, k) = Rotary(6, 101), np.random.default_rng(0).normal(size=(2, 1, 6))
    here = layer(q, start=i) @ layer(k, start=j).T
    there = layer(q, start=i + shift) @ layer(k, start=j + shift).T
    np.testing.assert_allclose(here, there, rtol=1e-9, atol=1e-12)


@given(st.integers(1, 9), st.integers(0, 9))
def test_a_start_skips_the_positions_before_it(t, start):
    layer, x = Rotary(6, 18), np.random.default_rng(0).normal(size=(2, 3, start + t, 6))
    np.testing.assert_array_equal(layer(x[:, :, start:], start=start), layer(x)[:, :, start:])


def test_turning_changes_no_length_and_backward_turns_back():
    layer, x = Rotary(6, 9), np.random.default_rng(0).normal(size=(2, 9, 6))
    y = layer(x)
    np.testing.assert_allclose(np.linalg.norm(y, axis=-1), np.linalg.norm(x, axis=-1))
    np.testing.assert_allclose(layer.backward(y), x, atol=1e-12)


def test_scaling_leaves_fast_pairs_slows_slow_ones_and_goes_over_in_between():
    turns = np.array([100.0, 4.0, 2.5, 1.0, 0.1])  # over the original block
    theta = turns * 2 * math.pi / 64
    slower = RopeScaling(**SCALING).scaled(theta) / theta
    np.testing.assert_allclose(slower, [1, 1, (1 + 1 / 8) / 2, 1 / 8, 1 / 8])


def test_scaling_between_two_small_numbers_of_turns_leaves_a_pair_that_turns_more():
    scaling = RopeScaling(**{**SCALING, "low_freq_factor": 0, "high_freq_factor": 0.5})
    np.testing.assert_allclose(scaling.scaled(np.array([math.pi / 64])), [math.pi / 64])


def test_scaling_by_1_changes_nothing():
    scaling = RopeScaling(**{**SCALING, "factor": 1})
    assert Rotary(8, 9, scaling=scaling).thetas == pytest.approx(Rotary(8, 9).thetas)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("factor", 0.5),
        ("factor", math.inf),
        ("factor", "8"),
        ("low_freq_factor", -1.0),
        ("low_freq_factor", 4.0),
        ("high_freq_factor", math.nan),
        ("original_block_size", 0),
        ("original_block_size", 64.5),
    ],
)
def test_a_scaling_out_of_range_is_refused_by_the_name_of_the_field(field, value):
    with pytest.raises(NpgptError, match=f"{field} is "):
        RopeScaling(**{**SCALING, field: value})


@pytest.mark.parametrize(
    ("sizes", "options", "expected"),
    [
        ((5, 9), {}, r"Rotary\(5, 9\): D is 5, expected an even number"),
        ((0, 9), {}, "D is 0, expected a whole number of at least 1"),
        ((4, 0), {}, "S is 0, expected a whole number of at least 1"),
        ((4, 9), {"theta": 0}, "theta is 0, expected a finite number above 0"),
        ((4, 9), {"theta": math.inf}, "theta is inf, expected a finite number above 0"),
        ((4, 9), {"scaling": SCALING}, "scaling is {'factor'.*, expected a RopeScaling or None"),
    ],
)
def test_what_it_cannot_be_made_of_is_refused(sizes, options, expected):
    with pytest.raises(LayerError, match=expected):
        Rotary(*sizes, **options)


def test_positions_past_the_block_and_heads_of_another_size_are_refused():
    layer = Rotary(4, 9)
    assert layer(np.ones((1, 4)), start=8).shape == (1, 4)
    with pytest.raises(LayerError, match=r"Rotary\(4, 9\): 10 positions, but block_size is 9"):
        layer(np.ones((2, 4)), start=8)
    with pytest.raises(LayerError, match=r"Rotary\(4, 9\): x is \(3, 2\), expected \(..., T, 4\)"):
        layer(np.ones((3, 2)))
