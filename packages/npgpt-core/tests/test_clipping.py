"""Clipping changes the length of the gradient, never its direction."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core import Linear, Module, NpgptError, clip_grad_norm


def layer_with_gradients(scale=1.0, dtype=np.float64):
    rng = np.random.default_rng(0)
    layer = Linear(3, 4, rng=rng, dtype=dtype)
    for grad in layer.grads().values():
        grad[...] = scale * rng.normal(size=grad.shape)
    return layer


def gradient_vector(layer):
    return np.concatenate([grad.ravel() for grad in layer.grads().values()])


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_gives_the_norm_before_and_leaves_at_most_the_limit_in_the_same_direction(scale, limit):
    layer = layer_with_gradients(scale)
    before = gradient_vector(layer)
    norm = clip_grad_norm(layer, limit)
    assert type(norm) is float
    assert norm == pytest.approx(np.linalg.norm(before))
    np.testing.assert_allclose(gradient_vector(layer), before * min(1, limit / norm), rtol=1e-12)


def test_a_short_gradient_is_left_bit_for_bit():
    layer = layer_with_gradients()
    before = gradient_vector(layer)
    clip_grad_norm(layer, np.linalg.norm(before) * 1.001)
    np.testing.assert_array_equal(gradient_vector(layer), before)


def test_clips_in_place_and_keeps_float32():
    layer = layer_with_gradients(dtype=np.float32)
    grads = layer.grads()
    clip_grad_norm(layer, 0.1)
    for name, grad in layer.grads().items():
        assert grad is grads[name]
        assert grad.dtype == np.float32


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_a_norm_that_is_not_finite_is_reported_and_scales_nothing(bad):
    layer = layer_with_gradients()
    layer.dbias[0] = bad
    before = gradient_vector(layer)
    assert not math.isfinite(clip_grad_norm(layer, 1.0))
    np.testing.assert_array_equal(gradient_vector(layer), before)


def test_a_tied_gradient_is_counted_and_scaled_once():
    layer = layer_with_gradients()
    before = gradient_vector(layer)
    layer.twin = Linear(1, 1, rng=np.random.default_rng(0), dtype=np.float64)
    layer.twin.share("table", layer.weight, layer.dweight)
    assert clip_grad_norm(layer, 1.0) == pytest.approx(np.linalg.norm(before))
    assert np.linalg.norm(gradient_vector(layer)) == pytest.approx(1)


def test_gradients_of_zero_stay_zero():
    layer = layer_with_gradients(0)
    assert clip_grad_norm(layer, 1.0) == 0
    assert not gradient_vector(layer).any()


@pytest.mark.parametrize(
    ("model", "limit", "message"),
    [
        ({}, 1.0, "clip_grad_norm: model is a dict, expected the model itself, which has grads"),
        (Module, 1.0, "clip_grad_norm: model is the class Module, expected the model itself"),
        (layer_with_gradients(), 0, "max_norm is 0, expected a number above 0"),
        (layer_with_gradients(), float("nan"), "max_norm is nan"),
        (layer_with_gradients(), "1", "max_norm is '1', expected a number above 0"),
    ],
)
def test_what_is_no_model_or_no_limit_is_named(model, limit, message):
    with pytest.raises(NpgptError, match=message):
        clip_grad_norm(model, limit)
