"""What each layer is for; what holds for all of them is in the contract."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core import (
    GELU,
    Dropout,
    Embedding,
    LayerNorm,
    Linear,
    ReLU,
    RMSNorm,
    Softmax,
    SwiGLU,
    TiedHead,
)
from npgpt_core.errors import LayerError

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


def test_linear_without_bias_has_its_weight_alone():
    layer = Linear(3, 2, rng=np.random.default_rng(0), bias=False, dtype=np.float64)
    x = np.eye(3)
    np.testing.assert_array_equal(layer(x), layer.weight)
    assert list(layer.parameters()) == ["weight"]


def test_a_tied_head_reads_with_the_table_and_adds_to_its_gradient():
    embedding = Embedding(4, 2, rng=np.random.default_rng(0), dtype=np.float64)
    head = TiedHead(embedding)
    assert head.weight is embedding.weight
    np.testing.assert_array_equal(head(np.eye(2)), embedding.weight.T)
    embedding(np.array([3]))
    embedding.backward(np.ones((1, 2)))
    head.backward(np.ones((2, 4)))
    np.testing.assert_array_equal(embedding.dweight, [[1, 1], [1, 1], [1, 1], [2, 2]])


@pytest.mark.parametrize("table", [3, Linear(4, 2, rng=np.random.default_rng(0))])
def test_a_tied_head_takes_nothing_but_an_embedding(table):
    with pytest.raises(LayerError, match=r"TiedHead: embedding is .*, expected an Embedding"):
        TiedHead(table)


def test_initial_weights_have_the_spread_asked_for():
    layer = Linear(200, 200, rng=np.random.default_rng(0), std=0.05)
    assert layer.weight.std() == pytest.approx(0.05, rel=0.02)
    assert not layer.bias.any()


def test_embedding_looks_up_rows_and_sums_the_gradients_of_repeated_ids():
    layer = Embedding(4, 2, rng=np.random.default_rng(0), dtype=np.float64)
    ids = np.array([[1, 3, 1], [1, 0, 3]])
    np.testing.assert_array_equal(layer(ids)[0, 1], layer.weight[3])
    assert layer.backward(np.ones((2, 3, 2))) is None
    np.testing.assert_array_equal(layer.dweight[:, 0], [1, 3, 0, 2])


@given(n_ids=st.integers(1, 6), data=st.data())
def test_the_gradient_of_embedding_is_what_numpy_add_at_gives(n_ids, data):
    ids = np.array(data.draw(st.lists(st.integers(0, n_ids - 1), max_size=20)), dtype=np.int32)
    rng = np.random.default_rng(0)
    layer, dy = Embedding(n_ids, 3, rng=rng), rng.normal(size=(len(ids), 3)).astype(np.float32)
    layer.dweight[...] = rng.normal(size=(n_ids, 3))
    expected = layer.dweight.copy()
    np.add.at(expected, ids, dy)
    layer(ids)
    layer.backward(dy)
    np.testing.assert_array_equal(layer.dweight, expected)


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


# ---------------------------------------------------------------- RMSNorm


@given(st.integers(0, 99), st.floats(-100, 100), st.floats(0.5, 100))
def test_rmsnorm_gives_rows_of_mean_square_1_and_keeps_their_mean(seed, shift, scale):
    x = shift + scale * np.random.default_rng(seed).normal(size=(2, 3, 16))
    y = RMSNorm(16, eps=0, dtype=np.float64)(x)
    np.testing.assert_allclose((y * y).mean(axis=-1), 1)
    np.testing.assert_array_equal(np.sign(y), np.sign(x))


def test_rmsnorm_scales_by_gamma_and_keeps_a_row_of_zeros_finite():
    layer = RMSNorm(3, dtype=np.float64)
    layer.gamma[:] = [1, 2, 3]
    np.testing.assert_allclose(layer(np.full((2, 3), 7.0)), [[1, 2, 3]] * 2, rtol=1e-6)
    np.testing.assert_array_equal(layer(np.zeros((2, 3))), 0)


# ---------------------------------------------------------------- SwiGLU


def test_swiglu_by_hand_and_far_from_zero():
    layer = SwiGLU(1, 1, rng=np.random.default_rng(0), dtype=np.float64)
    for array in layer.parameters().values():
        array[...] = 1
    x = np.array([[0.0], [1.0], [-1.0], [1000.0], [-1000.0]])
    sigma = 1 / (1 + math.exp(-1))
    with np.errstate(all="raise"):
        y = layer(x)
        dx = layer.backward(np.ones_like(x))
    np.testing.assert_allclose(y, [[0], [sigma], [1 - sigma], [1e6], [0]], atol=1e-12)
    np.testing.assert_allclose(dx[[0, 3, 4]], [[0], [2000], [0]], atol=1e-9)


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


def test_dropout_is_the_identity_in_evaluation_without_a_generator_and_at_p_0():
    x = np.ones((4, 5))
    np.testing.assert_array_equal(Dropout(0.9, rng=np.random.default_rng(0)).eval()(x), x)
    layer = Dropout(0.9, rng=np.random.default_rng(0))
    layer.use_rng(None)
    np.testing.assert_array_equal(layer(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)
    layer = Dropout(0.0, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(layer(x), x)
    np.testing.assert_array_equal(layer.backward(2 * x), 2 * x)


@pytest.mark.parametrize("p", [-0.1, 1, 1.5, math.nan])
def test_dropout_refuses_a_share_out_of_range(p):
    with pytest.raises(ValueError, match="expected 0 <= p < 1"):
        Dropout(p, rng=np.random.default_rng(0))
