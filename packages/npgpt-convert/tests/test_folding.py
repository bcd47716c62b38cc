"""A bias folded into the shift before the head: exact where it can be, else as near as it comes."""

import numpy as np
import pytest

from npgpt_convert.folding import fold_head_bias
from npgpt_core.functional import softmax

C, V = 5, 11
RNG = np.random.default_rng(0)


def state_of(bias, *, tied=False):
    matrix = RNG.normal(size=(C, V)).astype(np.float32)
    head = {"token_embedding.weight": matrix.T} if tied else {"head.weight": matrix}
    return {**head, "head.bias": bias, "ln_f.beta": RNG.normal(size=C).astype(np.float32)}


def matrix_of(state):
    return state["head.weight"] if "head.weight" in state else state["token_embedding.weight"].T


def logits(state, x):
    return (x + state["ln_f.beta"]) @ matrix_of(state) + state.get("head.bias", 0)


@pytest.mark.parametrize("tied", [False, True])
def test_a_bias_that_the_matrix_can_make_changes_no_probability(tied):
    state = state_of(np.zeros(V), tied=tied)
    state["head.bias"] = RNG.normal(size=C) @ matrix_of(state) + 3
    x = RNG.normal(size=(4, C))
    folded = fold_head_bias(state)
    assert "head.bias" not in folded
    expected = softmax(logits(state, x))
    np.testing.assert_allclose(softmax(logits(folded, x)), expected, atol=1e-6)


def test_no_shift_comes_closer_to_another_bias():
    state = state_of(RNG.normal(size=V))

    def distance(beta):
        apart = (beta - state["ln_f.beta"]) @ matrix_of(state) - state["head.bias"]
        return np.linalg.norm(apart - apart.mean())

    best = fold_head_bias(state)["ln_f.beta"]
    assert all(distance(best) < distance(best + 0.01 * RNG.normal(size=C)) for _ in range(50))
