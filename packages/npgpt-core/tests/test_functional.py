"""The parameter-free functions against plain references."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core import functional as F


@given(n_ids=st.integers(1, 6), data=st.data())
def test_add_rows_equals_numpy_add_at(n_ids, data):
    ids = np.array(data.draw(st.lists(st.integers(0, n_ids - 1), max_size=20)), dtype=np.int32)
    rng = np.random.default_rng(0)
    table, updates = rng.normal(size=(n_ids, 3)), rng.normal(size=(len(ids), 3))
    expected = table.copy()
    np.add.at(expected, ids, updates)
    F.add_rows(table, ids, updates)
    np.testing.assert_allclose(table, expected, rtol=1e-12, atol=1e-12)


def test_add_rows_takes_ids_of_any_shape_and_adds_in_place():
    table, ids = np.ones((4, 2), np.float32), np.array([[1, 1], [3, 1]])
    updates = np.arange(8, dtype=np.float32).reshape(2, 2, 2)
    F.add_rows(table, ids, updates)
    np.testing.assert_array_equal(table, [[1, 1], [9, 12], [1, 1], [5, 6]])


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 4))
def test_merging_undoes_splitting_into_heads(n_head, t, head_size):
    x = np.random.default_rng(0).normal(size=(2, t, n_head * head_size))
    heads = F.split_heads(x, n_head)
    assert heads.shape == (2, n_head, t, head_size)
    assert np.shares_memory(heads, x)
    np.testing.assert_array_equal(F.merge_heads(heads), x)
    np.testing.assert_array_equal(heads[:, 0], x[..., :head_size])


@given(st.integers(1, 5), st.integers(0, 4))
def test_causal_softmax_is_the_softmax_over_what_each_query_may_see(n_queries, n_past):
    n_keys = n_past + n_queries
    scores = np.random.default_rng(0).normal(size=(2, n_queries, n_keys))
    expected = np.zeros_like(scores)
    for t in range(n_queries):
        seen = scores[:, t, : n_past + t + 1]
        expected[:, t, : n_past + t + 1] = np.exp(seen) / np.exp(seen).sum(-1, keepdims=True)
    np.testing.assert_allclose(F.causal_softmax(scores), expected, rtol=1e-12)


def test_softmax_may_write_into_its_input():
    x = np.random.default_rng(0).normal(size=(3, 4))
    expected = F.softmax(x)
    assert F.softmax(x, out=x) is x
    np.testing.assert_array_equal(x, expected)


def test_softmax_backward_is_the_product_with_the_jacobian():
    rng = np.random.default_rng(0)
    y, dy = F.softmax(rng.normal(size=6)), rng.normal(size=6)
    jacobian = np.diag(y) - np.outer(y, y)
    np.testing.assert_allclose(F.softmax_backward(dy, y), jacobian @ dy, rtol=1e-12)


def test_log_softmax_is_the_logarithm_of_softmax_and_finite_where_that_is_not():
    x = np.array([[1.0, 2.0, 3.0], [0.0, -5.0, 4.0]])
    np.testing.assert_allclose(F.log_softmax(x), np.log(F.softmax(x)), rtol=1e-12)
    np.testing.assert_array_equal(F.log_softmax(np.array([0.0, 2000.0])), [-2000, 0])


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 4, 3)])
def test_rows_joins_all_axes_but_the_last(shape):
    x = np.zeros(shape)
    assert F.rows(x).shape == (x.size // 3, 3)
    assert np.shares_memory(F.rows(x), x)
