"""Grouped-query attention is attention whose keys and values are repeated, and saves repeating."""

import numpy as np
import pytest

from npgpt_core import GroupedQueryAttention, KeyValueCache, MultiHeadAttention, Rotary
from npgpt_core.errors import LayerError
from npgpt_core.functional import softmax
from npgpt_core.testing import check_gradients

B, C, H, D, LONGEST = 2, 10, 6, 4, 130
ROTARY = Rotary(D, LONGEST)
OPTIONS = {
    "plain": {},
    "bias": {"bias": True},
    "rotary": {"rotary": ROTARY},
    "all": {"bias": True, "rotary": ROTARY, "qk_norm_eps": 1e-6},
}


def attention(n_kv_head, options):
    """In float64 and with weights of unit scale, so that who attends to whom matters."""
    rng = np.random.default_rng(0)
    attention = GroupedQueryAttention(
        C, H, n_kv_head, head_size=D, rng=rng, dtype=np.float64, **OPTIONS[options]
    )
    for array in attention.parameters().values():
        array[...] = rng.normal(0, len(array) ** -0.5, array.shape)
    return attention


def inputs(t):
    return np.random.default_rng(2).normal(size=(B, t, C))


def naive_attention(attention, x):
    """One batch row, one head, one query at a time: the output, and the shares (B, H, T, T)."""
    k_heads, t = attention.n_kv_head, x.shape[1]
    y, shares = np.zeros((B, t, H * D)), np.zeros((B, H, t, t))
    for b in range(B):
        qkv = attention.qkv(x[b]).reshape(t, -1, D).swapaxes(0, 1)
        q, k, v = np.split(qkv, [H, H + k_heads])
        if attention.q_norm:
            q, k = attention.q_norm(q), attention.k_norm(k)
        if attention.rotary:
            q, k = attention.rotary(q), attention.rotary(k)
        for h in range(H):
            of = h // (H // k_heads)  # the head of keys and values
            for i in range(t):
                a = softmax(k[of, : i + 1] @ q[h, i] / D**0.5)
                y[b, i, h * D : (h + 1) * D] = a @ v[of, : i + 1]
                shares[b, h, i, : i + 1] = a
    return y @ attention.proj.weight, shares


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(("n_kv_head", "t"), [(1, 7), (2, 7), (2, 65), (3, 129), (6, 7)])
def test_equals_a_naive_loop(n_kv_head, t, options):
    layer, x = attention(n_kv_head, options), inputs(t)
    y, shares = naive_attention(layer, x)
    np.testing.assert_allclose(layer(x), y, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(layer.eval().attention_weights(x), shares, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n_kv_head", [1, 2, 6])
@pytest.mark.parametrize("t", [1, 65, 129])
def test_gradients_hold_across_blocks_of_queries(n_kv_head, t):
    check_gradients(attention(n_kv_head, "all"), inputs(t), coordinates=10)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("steps", [[1] * 9, [9], [3, 1, 1, 4], [1, 8], [70, 1, 59]])
def test_keys_and_values_from_the_cache_equal_full_recomputation(steps, options):
    layer, x = attention(2, options), inputs(sum(steps))
    full = layer(x)
    layer.eval()
    cache = KeyValueCache(B, 2, LONGEST, D, np.float64)
    parts = np.split(x, np.cumsum(steps)[:-1], axis=1)
    cached = np.concatenate([layer(part, cache) for part in parts], axis=1)
    np.testing.assert_allclose(cached, full, rtol=1e-12, atol=1e-13)
    assert cache.length == sum(steps)


def test_with_as_many_heads_of_keys_as_of_queries_it_is_multi_head_attention():
    rng = np.random.default_rng(0)
    grouped = GroupedQueryAttention(12, 3, 3, bias=True, rng=rng, dtype=np.float64)
    plain = MultiHeadAttention(12, 3, rng=rng, dtype=np.float64)
    for name, array in grouped.parameters().items():
        plain.parameters()[name][...] = array
    x, dy = rng.normal(size=(2, B, 70, 12))
    np.testing.assert_allclose(grouped(x), plain(x), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(grouped.backward(dy), plain.backward(dy), rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("shape", [(0, 5, C), (B, 0, C)])
def test_no_rows_and_no_positions_give_none(shape):
    layer, x = attention(2, "all"), np.zeros(shape)
    assert layer(x).shape == layer.backward(x).shape == shape


def test_two_layers_may_be_given_one_rotary():
    one, other, x = attention(2, "rotary"), attention(2, "rotary"), inputs(5)
    y = other(one(x))
    assert one.backward(other.backward(y)).shape == x.shape


@pytest.mark.parametrize(
    ("sizes", "options", "expected"),
    [
        ((12, 6, 4), {}, "n_head is 6, expected a multiple of n_kv_head = 4"),
        ((10, 4, 2), {}, "n_embd is 10, expected a multiple of n_head = 4, or a head_size"),
        ((12, 6, 0), {}, "K is 0, expected a whole number of at least 1"),
        ((12, 6, 2), {"head_size": 2.0}, "D is 2.0, expected a whole number of at least 1"),
        ((12, 6, 2), {"rotary": Rotary(4, 9)}, "rotary turns heads of 4, expected 2"),
        ((12, 6, 2), {"rotary": 10_000}, "rotary is 10000, expected a Rotary or None"),
        ((12, 6, 2), {"qk_norm_eps": -1.0}, r"RMSNorm\(2\): eps is -1.0, expected"),
    ],
)
def test_what_it_cannot_be_made_of_is_refused(sizes, options, expected):
    with pytest.raises(LayerError, match=expected):
        GroupedQueryAttention(*sizes, rng=np.random.default_rng(0), **options)
