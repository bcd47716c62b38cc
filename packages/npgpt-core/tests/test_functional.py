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
    heads = F.split_heads(x, 1, n_head)[0]
    assert heads.shape == (2, n_head, t, head_size)
    assert np.shares_memory(heads, x)
    np.testing.assert_array_equal(F.merge_heads(heads), x)
    np.testing.assert_array_equal(heads[:, 0], x[..., :head_size])


@given(st.integers(1, 5), st.integers(0, 4))
def test_causal_attention_weighs_what_each_query_may_see(n_queries, n_past):
    rng = np.random.default_rng(0)
    q = rng.normal(size=(1, 1, n_queries, 3))
    k, v = rng.normal(size=(2, 1, 1, n_past + n_queries, 3))
    y, _ = F.causal_attention(q, k, v)
    for t in range(n_queries):
        seen = slice(0, n_past + t + 1)
        weights = F.softmax(k[0, 0, seen] @ q[0, 0, t])
        np.testing.assert_allclose(y[0, 0, t], weights @ v[0, 0, seen], rtol=1e-12)


def test_parts_of_split_heads_are_what_np_split_gives():
    x = np.random.default_rng(0).normal(size=(2, 5, 24))
    for part, heads in zip(np.split(x, 3, axis=-1), F.split_heads(x, 3, 2), strict=True):
        np.testing.assert_array_equal(F.merge_heads(heads), part)


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


def test_cross_entropy_is_minus_log_softmax_and_finite_where_that_is_not():
    x, targets = np.array([[1.0, 2.0, 3.0], [0.0, -5.0, 4.0]]), np.array([2, 0])
    losses, e, sums = F.cross_entropy(x, targets)
    np.testing.assert_allclose(losses, -np.log(F.softmax(x))[[0, 1], targets], rtol=1e-12)
    np.testing.assert_allclose(e / sums, F.softmax(x), rtol=1e-12)
    assert F.cross_entropy(np.array([[0.0, 2000.0]]), np.array([0]))[0] == [2000]


@given(st.integers(1, 9), st.integers(1, 5))
def test_blocks_of_rows_cover_all_rows_once(n_rows, n_columns):
    blocks = [range(n_rows)[block] for block in F.row_blocks(n_rows, F.BLOCK // n_columns)]
    assert [row for block in blocks for row in block] == list(range(n_rows))


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 4, 3)])
def test_rows_joins_all_axes_but_the_last(shape):
    x = np.zeros(shape)
    assert F.rows(x).shape == (x.size // 3, 3)
    assert np.shares_memory(F.rows(x), x)
