"""Batches: windows of the tokens, and the same one token later; the first and the last one, too."""

import numpy as np
import pytest

from npgpt_core.errors import NpgptError
from npgpt_train.loop.batches import draw_batch, last_start, windows

TOKENS = np.arange(100, 110, dtype="<u2")


def test_windows_are_the_tokens_and_the_next_ones():
    x, y = windows(TOKENS, np.array([0, 6]), 3)
    assert x.tolist() == [[100, 101, 102], [106, 107, 108]]
    assert y.tolist() == [[101, 102, 103], [107, 108, 109]]
    assert x.dtype == y.dtype == np.intp


def test_the_last_start_is_where_a_window_and_its_targets_end_with_the_tokens():
    assert last_start(TOKENS, 3) == 6
    assert last_start(TOKENS, 9) == 0
    with pytest.raises(NpgptError, match="10 tokens are too few for a block of 10"):
        last_start(TOKENS, 10)


def test_every_start_is_drawn_equally_often():
    x, y = draw_batch(TOKENS, 7000, 3, np.random.default_rng(0))
    assert x.shape == y.shape == (7000, 3)
    starts, counts = np.unique(x[:, 0] - 100, return_counts=True)
    assert starts.tolist() == list(range(7))
    assert abs(counts - 1000).max() < 150  # five standard deviations
    assert (y == x + 1).all()


def test_the_same_generator_draws_the_same_batch():
    one, other = (draw_batch(TOKENS, 4, 3, np.random.default_rng(1))[0] for _ in range(2))
    assert (one == other).all()


def test_a_text_of_one_window_gives_that_one():
    x, _ = draw_batch(TOKENS, 3, 9, np.random.default_rng(0))
    assert x.tolist() == [list(range(100, 109))] * 3
