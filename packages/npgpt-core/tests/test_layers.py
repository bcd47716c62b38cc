"""What holds for every layer, then what each one is for."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core import GELU, Dropout, Embedding, LayerNorm, Linear, ReLU, Softmax
from npgpt_core.testing import check_gradients
from npgpt_core.testing.layers.cases import layer_cases

every_layer = pytest.mark.parametrize("name", layer_cases())


def forward_backward(layer, x, *, seed=0):
    """Output, input gradient and a frozen copy of the parameter gradients that were added."""
    before = {name: grad.copy() for name, grad in layer.grads().items()}
    layer.use_rng(np.random.default_rng(seed))
    y = np.asarray(layer(x))
    dy = np.random.default_rng(seed).normal(size=y.shape).astype(y.dtype)
    dx = layer.backward(dy)
    return y, dx, {name: grad - before[name] for name, grad in layer.grads().items()}


def to_float32(layer):
    for _, module in layer.named_modules():
        for name in [name for name in module.parameters() if "." not in name]:
            for array in (name, "d" + name):
                vars(module)[array] = vars(module)[array].astype(np.float32)


@every_layer
def test_gradients_equal_central_differences(name):
    layer, x = layer_cases()[name]()
    names = {check.name for check in check_gradients(layer, x)}
    assert names == set(layer.parameters()) | ({"x"} if x.dtype.kind == "f" else set())


@every_layer
def test_no_layer_writes_into_an_array_of_its_caller(name):
    layer, x = layer_cases()[name]()
    x.flags.writeable = False
    y = layer(x)
    dy = np.ones_like(y)
    for array in (np.asarray(y), dy):
        array.flags.writeable = False
    layer.backward(dy)


@every_layer
def test_float32_stays_float32(name):
    layer, x = layer_cases()[name]()
    to_float32(layer)
    if x.dtype.kind == "f":
        x = x.astype(np.float32)
    y = layer(x)
    kept = [value for _, module in layer.named_modules() for value in module._kept or ()]
    assert not [value for value in kept if getattr(value, "dtype", None) == np.float64]
    dx = layer.backward(np.ones_like(y))
    for result in (y, dx, *layer.grads().values()):
        if isinstance(result, np.ndarray):
            assert result.dtype == np.float32


@every_layer
def test_a_second_backward_adds_to_the_gradients(name):
    layer, x = layer_cases()[name]()
    y_1, dx_1, first = forward_backward(layer, x)
    y_2, dx_2, second = forward_backward(layer, x)
    np.testing.assert_array_equal(y_1, y_2)
    if dx_1 is not None:
        np.testing.assert_array_equal(dx_1, dx_2)
    for parameter, grad in first.items():
        assert grad.any()
        np.testing.assert_allclose(second[parameter], grad, rtol=1e-12, atol=1e-14)


@every_layer
def test_the_gradient_is_linear_in_the_gradient_of_the_output(name):
    layer, x = layer_cases()[name]()
    layer.use_rng(np.random.default_rng(0))
    dy = np.ones_like(layer(x))
    dx = layer.backward(dy)
    layer.use_rng(np.random.default_rng(0))
    layer(x)
    tripled = layer.backward(3 * dy)
    if dx is not None:
        np.testing.assert_allclose(tripled, 3 * dx, rtol=1e-12, atol=1e-14)


# ---------------------------------------------------------------- Linear, Embedding


def test_linear_is_x_w_plus_b_over_any_leading_axes():
    rng = np.random.default_rng(0)
    layer = Linear(3, 2, rng=rng, dtype=np.float64)
    layer.bias[:] = [10, 20]
    x = rng.normal(size=(2, 4, 5, 3))
    y = layer(x)
    assert y.shape == (2, 4, 5, 2)
    np.testing.assert_allclose(y[1, 2, 3], x[1, 2, 3] @ layer.weight + layer.bias)
    assert layer.backward(y).shape == x.shape


def test_initial_weights_have_the_spread_asked_for():
    layer = Linear(200, 200, rng=np.random.default_rng(0), std=0.05)
    assert layer.weight.std() == pytest.approx(0.05, rel=0.02)
    assert not layer.bias.any()


def test_embedding_sums_the_gradients_of_repeated_ids():
    layer = Embedding(4, 2, rng=np.random.default_rng(0), dtype=np.float64)
    ids = np.array([[1, 3, 1], [1, 0, 3]])
    np.testing.assert_array_equal(layer(ids)[0, 1], layer.weight[3])
    assert layer.backward(np.ones((2, 3, 2))) is None
    np.testing.assert_array_equal(layer.dweight[:, 0], [1, 3, 0, 2])


@pytest.mark.parametrize("wrong", [-1, 4])
def test_embedding_refuses_ids_outside_the_table(wrong):
    layer = Embedding(4, 2, rng=np.random.default_rng(0))
    with pytest.raises(IndexError, match="expected 0 to 3"):
        layer(np.array([0, wrong]))


# ---------------------------------------------------------------- LayerNorm


@given(st.integers(0, 99), st.floats(-100, 100), st.floats(0.5, 100))
def test_layernorm_gives_rows_of_mean_0_and_variance_1(seed, shift, scale):
    x = shift + scale * np.random.default_rng(seed).normal(size=(2, 3, 16))
    y = LayerNorm(16, dtype=np.float64)(x)
    np.testing.assert_allclose(y.mean(axis=-1), 0, atol=1e-9)
    np.testing.assert_allclose(y.var(axis=-1), 1, rtol=1e-3)


def test_layernorm_scales_by_gamma_shifts_by_beta_and_keeps_a_constant_row_finite():
    layer = LayerNorm(3, dtype=np.float64)
    layer.gamma[:], layer.beta[:] = [1, 2, 3], [10, 20, 30]
    np.testing.assert_array_equal(layer(np.full((2, 3), 7.0)), [[10, 20, 30]] * 2)
    y = layer(np.array([-1.0, 0.0, 1.0]))
    np.testing.assert_allclose(y, [10 - 1.5**0.5, 20, 30 + 3 * 1.5**0.5], rtol=1e-4)


# ---------------------------------------------------------------- activations


def test_relu_reference_values():
    layer = ReLU()
    np.testing.assert_array_equal(layer(np.array([-2.0, 0.0, 3.0])), [0, 0, 3])
    np.testing.assert_array_equal(layer.backward(np.array([5.0, 5.0, 5.0])), [0, 0, 5])


@given(st.floats(-50, 50))
def test_gelu_is_the_tanh_form_and_close_to_x_times_the_normal_distribution(x):
    y = float(GELU()(np.array([x]))[0])
    tanh = math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    assert y == pytest.approx(0.5 * x * (1 + tanh), rel=1e-9, abs=1e-12)
    assert y == pytest.approx(x * (1 + math.erf(x / math.sqrt(2))) / 2, abs=1e-3)


def test_gelu_reference_values():
    # torch.nn.functional.gelu(x, approximate="tanh") in float64
    y = GELU()(np.array([-3.0, -1.0, 0.0, 1.0, 3.0]))
    np.testing.assert_allclose(
        y, [-0.00363739, -0.15880801, 0.0, 0.84119199, 2.99636261], atol=5e-9
    )


@given(st.lists(st.floats(-500, 500), min_size=1, max_size=8), st.floats(-500, 500))
def test_softmax_sums_to_1_and_does_not_see_a_shift(x, shift):
    x = np.array(x)
    y = Softmax()(x)
    assert (y >= 0).all()
    assert y.sum() == pytest.approx(1)
    np.testing.assert_allclose(Softmax()(x + shift), y, rtol=1e-9, atol=1e-12)


def test_softmax_reference_values():
    np.testing.assert_allclose(Softmax()(np.log([[1.0, 2.0, 5.0]])), [[1 / 8, 2 / 8, 5 / 8]])


# ---------------------------------------------------------------- Dropout


def test_dropout_keeps_the_expected_value():
    p, n = 0.3, 100_000
    y = Dropout(p, rng=np.random.default_rng(0))(np.ones(n))
    assert set(np.unique(y)) == {0, 1 / (1 - p)}
    five_sigma = 5 * math.sqrt(p * (1 - p) / n)
    assert (y == 0).mean() == pytest.approx(p, abs=five_sigma)


def test_dropout_uses_the_mask_of_forward_in_backward():
    layer = Dropout(0.5, rng=np.random.default_rng(0))
    x = np.ones((4, 5))
    np.testing.assert_array_equal(layer(x), layer.backward(x))


def test_dropout_is_the_identity_in_evaluation_and_at_p_0():
    x = np.ones((4, 5))
    np.testing.assert_array_equal(Dropout(0.9, rng=np.random.default_rng(0)).eval()(x), x)
    layer = Dropout(0.0, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(layer(x), x)
    np.testing.assert_array_equal(layer.backward(2 * x), 2 * x)


@pytest.mark.parametrize("p", [-0.1, 1, 1.5, math.nan])
def test_dropout_refuses_a_share_out_of_range(p):
    with pytest.raises(ValueError, match="expected 0 <= p < 1"):
        Dropout(p, rng=np.random.default_rng(0))
