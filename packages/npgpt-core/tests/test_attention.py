"""Attention sees the past, all of it and nothing else; and its check can fail."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core import KeyValueCache, MultiHeadAttention
from npgpt_core.functional import softmax, softmax_backward
from npgpt_core.layers.attention import QUERY_BLOCK, causal_attention, merge_heads, split_heads
from npgpt_core.testing import check_gradients

B, T, C, H = 2, 7, 12, 3
D = C // H


@pytest.fixture
def attention():
    """In float64 and with weights of unit scale, so that who attends to whom matters."""
    attention = MultiHeadAttention(C, H, rng=np.random.default_rng(0), dtype=np.float64)
    rng = np.random.default_rng(1)
    for array in attention.parameters().values():
        array[...] = rng.normal(0, C**-0.5, array.shape)
    return attention


@pytest.fixture
def x():
    return np.random.default_rng(2).normal(size=(B, T, C))


def naive_attention(attention, x):
    """One batch row, one head, one query at a time."""
    y = np.zeros_like(x)
    for b in range(len(x)):
        q, k, v = np.split(x[b] @ attention.qkv.weight + attention.qkv.bias, 3, axis=1)
        for t in range(x.shape[1]):
            for h in range(H):
                head = slice(h * D, (h + 1) * D)
                weights = np.exp([q[t, head] @ k[s, head] / D**0.5 for s in range(t + 1)])
                weights /= weights.sum()
                y[b, t, head] = sum(weights[s] * v[s, head] for s in range(t + 1))
    return y @ attention.proj.weight + attention.proj.bias


def test_equals_a_naive_loop(attention, x):
    np.testing.assert_allclose(attention(x), naive_attention(attention, x), rtol=1e-12)


@pytest.mark.parametrize("t", [63, 64, 65, 129])
def test_blocks_of_queries_change_nothing(attention, t):
    x = np.random.default_rng(2).normal(size=(1, t, C))
    np.testing.assert_allclose(attention(x), naive_attention(attention, x), rtol=1e-10)
    check_gradients(attention, x, coordinates=20)


@pytest.mark.parametrize("t", [1, T, 65, 129])
def test_attention_weights_are_the_softmax_of_the_forward_pass(attention, t):
    x = np.random.default_rng(2).normal(size=(B, t, C))
    weights = attention.eval().attention_weights(x)
    assert weights.shape == (B, H, t, t)
    v = split_heads(attention.qkv(x), 3, H)[2]
    np.testing.assert_allclose(attention.proj(merge_heads(weights @ v)), attention(x), rtol=1e-10)


@pytest.mark.parametrize("t", range(T))
def test_changing_a_position_changes_nothing_before_it(attention, x, t):
    before = attention(x)
    x[:, t] += 1
    after = attention(x)
    np.testing.assert_array_equal(after[:, :t], before[:, :t])
    assert (after[:, t:] != before[:, t:]).any(axis=-1).all()


def test_a_row_does_not_depend_on_its_batch(attention, x):
    np.testing.assert_allclose(attention(x)[1], attention(x[1:])[0], rtol=1e-12)


@pytest.mark.parametrize("steps", [[1] * T, [T], [3, 1, 1, 2], [1, T - 1]])
def test_keys_and_values_from_the_cache_equal_full_recomputation(attention, x, steps):
    full = attention(x)
    attention.eval()
    cache = KeyValueCache(B, H, T, D, np.float64)
    parts = np.split(x, np.cumsum(steps)[:-1], axis=1)
    cached = np.concatenate([attention(part, cache) for part in parts], axis=1)
    np.testing.assert_allclose(cached, full, rtol=1e-12)
    assert cache.length == T


def test_a_cache_takes_memory_for_what_it_holds():
    cache = KeyValueCache(1, 1, 100, D, np.float32)
    for t in range(1, 101):
        k, v = cache.append(*np.full((2, 1, 1, 1, D), t, np.float32))
        assert cache.k.shape[2] <= min(2 * t, 100)
        assert k[0, 0, :, 0].tolist() == v[0, 0, :, 0].tolist() == list(range(1, t + 1))


def test_channels_that_the_heads_cannot_share_are_refused():
    with pytest.raises(ValueError, match="n_embd is 10, expected a multiple of n_head = 4"):
        MultiHeadAttention(10, 4, rng=np.random.default_rng(0))


# ---------------------------------------------------------------- its parts


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 4))
def test_merging_undoes_splitting_into_heads(n_head, t, head_size):
    x = np.random.default_rng(0).normal(size=(2, t, n_head * head_size))
    heads = split_heads(x, 1, n_head)[0]
    assert heads.shape == (2, n_head, t, head_size)
    assert np.shares_memory(heads, x)
    np.testing.assert_array_equal(merge_heads(heads), x)
    np.testing.assert_array_equal(heads[:, 0], x[..., :head_size])


@given(st.integers(1, 5), st.integers(0, 4))
def test_causal_attention_weighs_what_each_query_may_see(n_queries, n_past):
    rng = np.random.default_rng(0)
    q = rng.normal(size=(1, 1, n_queries, 3))
    k, v = rng.normal(size=(2, 1, 1, n_past + n_queries, 3))
    y, _ = causal_attention(q, k, v)
    for t in range(n_queries):
        seen = slice(0, n_past + t + 1)
        weights = softmax(k[0, 0, seen] @ q[0, 0, t])
        np.testing.assert_allclose(y[0, 0, t], weights @ v[0, 0, seen], rtol=1e-12)


def test_parts_of_split_heads_are_what_np_split_gives():
    x = np.random.default_rng(0).normal(size=(2, 5, 24))
    for part, heads in zip(np.split(x, 3, axis=-1), split_heads(x, 3, 2), strict=True):
        np.testing.assert_array_equal(merge_heads(heads), part)


def test_without_keeping_it_gives_the_same_and_holds_no_softmax():
    rng = np.random.default_rng(0)
    q, k, v = rng.normal(size=(3, 2, 3, 2 * QUERY_BLOCK + 1, 4))
    kept, blocks = causal_attention(q, k, v)
    y, none = causal_attention(q, k, v, keep=False)
    np.testing.assert_array_equal(y, kept)
    assert (len(blocks), none) == (3, [])


# ---------------------------------------------------------------- the check can fail


class Mutant(MultiHeadAttention):
    """The backward pass of attention, with the gradient of the keys left to a subclass."""

    def backward(self, dy):
        q, k, v, (a,) = self.take()  # q is scaled already; T is below a block of queries
        (dy,) = split_heads(self.proj.backward(dy), 1, self.n_head)
        ds = softmax_backward(dy @ v.swapaxes(-1, -2), a)
        dq, dk, dv = ds @ k * self.scale, self.key_gradient(ds, q), a.swapaxes(-1, -2) @ dy
        return self.qkv.backward(np.concatenate([merge_heads(d) for d in (dq, dk, dv)], axis=-1))


class RightKeys(Mutant):
    def key_gradient(self, ds, q):
        return ds.swapaxes(-1, -2) @ q


class TransposedScores(Mutant):
    """The same shape and the wrong numbers."""

    def key_gradient(self, ds, q):
        return ds @ q


class TransposedKeys(Mutant):
    """(B, H, D, T): the right numbers in the wrong order."""

    def key_gradient(self, ds, q):
        return q.swapaxes(-1, -2) @ ds


def check(mutant, t):
    module = mutant(C, H, rng=np.random.default_rng(0), dtype=np.float64)
    check_gradients(module, np.random.default_rng(1).normal(size=(B, t, C)))


def test_the_mutants_are_right_but_for_the_key_gradient():
    check(RightKeys, T)


def test_a_key_gradient_of_transposed_scores_is_found():
    with pytest.raises(AssertionError, match=r"the gradient of (x|qkv\.weight) is off by"):
        check(TransposedScores, T)


def test_a_transposed_key_gradient_is_an_error_of_shape():
    with pytest.raises(ValueError, match="dimensions"):
        check(TransposedKeys, T)


def test_a_transposed_key_gradient_is_found_even_where_its_shape_fits():
    with pytest.raises(AssertionError, match=r"the gradient of (x|qkv\.weight) is off by"):
        check(TransposedKeys, t=D)
