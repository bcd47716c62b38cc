"""Cross-entropy beyond the contract: known distributions, blocks of rows, and what it refuses."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core import CrossEntropy, Linear, losses

B, T, V = 2, 3, 5


def logits_and_targets(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(B, T, V)), rng.integers(0, V, (B, T))


def test_equal_logits_cost_ln_v():
    loss = CrossEntropy()(np.full((B, T, V), 3.0), np.zeros((B, T), dtype=int))
    assert loss == pytest.approx(math.log(V))


def test_a_certain_prediction_costs_nothing_if_right_and_its_margin_if_wrong():
    logits = np.array([[1e4, 0.0, 0.0]])
    assert CrossEntropy()(logits, np.array([0])) == 0
    assert CrossEntropy()(logits, np.array([2])) == pytest.approx(1e4)


@given(st.integers(0, 99))
def test_is_the_mean_of_minus_log_p(seed):
    logits, targets = logits_and_targets(seed)
    costs = []
    for z, target in zip(logits.reshape(-1, V), targets.reshape(-1), strict=True):
        costs.append(-math.log(math.exp(z[target]) / sum(math.exp(number) for number in z)))
    assert CrossEntropy()(logits, targets) == pytest.approx(sum(costs) / len(costs))


@given(st.floats(-1e3, 1e3))
def test_does_not_see_a_shift_of_the_logits(shift):
    logits, targets = logits_and_targets()
    assert CrossEntropy()(logits + shift, targets) == pytest.approx(CrossEntropy()(logits, targets))


def test_backward_is_p_minus_onehot_over_n():
    logits, targets = logits_and_targets()
    criterion = CrossEntropy()
    criterion(logits, targets)
    p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    dlogits = criterion.backward()
    np.testing.assert_allclose(dlogits, (p - np.eye(V)[targets]) / (B * T), rtol=1e-12)
    np.testing.assert_allclose(dlogits.sum(axis=-1), 0, atol=1e-15)


def test_the_loss_is_a_number_of_python():
    logits, targets = logits_and_targets()
    assert type(CrossEntropy()(logits.astype(np.float32), targets)) is float


@pytest.mark.parametrize("block", [1, V, 4 * V])
def test_rows_in_blocks_change_nothing(block, monkeypatch):
    logits, targets = logits_and_targets()
    criterion = CrossEntropy()
    loss, dlogits = criterion(logits, targets), criterion.backward()
    monkeypatch.setattr(losses, "BLOCK", block)
    assert criterion(logits, targets) == loss
    np.testing.assert_array_equal(criterion.backward(), dlogits)


def test_the_memory_order_of_the_logits_does_not_matter():
    logits, targets = logits_and_targets()
    criterion = CrossEntropy()
    criterion(logits, targets)
    expected = criterion.backward()
    time_first = np.ascontiguousarray(logits.swapaxes(0, 1))
    criterion(time_first.swapaxes(0, 1), targets)
    np.testing.assert_array_equal(criterion.backward(), expected)


def test_targets_of_another_shape_are_refused():
    logits, targets = logits_and_targets()
    with pytest.raises(ValueError, match=r"targets are \(3, 2\), expected \(2, 3\)"):
        CrossEntropy()(logits, targets.T)


@pytest.mark.parametrize("wrong", [-1, 5])
def test_targets_outside_the_vocabulary_are_refused(wrong):
    logits, targets = logits_and_targets()
    targets[0, 0] = wrong
    with pytest.raises(IndexError):
        CrossEntropy()(logits, targets)


def test_a_linear_layer_learns_by_it():
    rng = np.random.default_rng(0)
    x, targets = np.eye(V), np.roll(np.arange(V), 1)
    layer, criterion = Linear(V, V, rng=rng, dtype=np.float64), CrossEntropy()
    for _ in range(50):
        criterion(layer(x), targets)
        layer.zero_grad()
        layer.backward(criterion.backward())
        for array, grad in zip(layer.parameters().values(), layer.grads().values(), strict=True):
            array -= 5 * grad
    assert criterion(layer(x), targets) < 0.1
