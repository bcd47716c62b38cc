"""Sampling: from whom, how many, until when; with a cache and without."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core import Module, NpgptError, ReLU, generate
from npgpt_core.functional import softmax
from npgpt_core.generation import stream, window_start
from npgpt_core.sampling import sample

V, BLOCK = 7, 5


class Toy(Module):
    """Logits that depend on every id seen and on where it stands: Σ_s≤t (s + 1) · table[ids[s]]."""

    def __init__(self):
        super().__init__()
        self.config = SimpleNamespace(vocab_size=V, block_size=BLOCK)
        self.table = 0.5 * np.random.default_rng(0).normal(size=(V, V))
        self.lengths = []

    def forward(self, ids, start=0):
        assert not self.training
        self.lengths.append(ids.shape[1])
        positions = np.arange(start, start + ids.shape[1])
        assert positions[-1] < self.config.block_size
        return np.cumsum((positions[:, None] + 1) * self.table[ids], axis=1)

    def backward(self, dlogits):
        raise NotImplementedError


class CachedToy(Toy):
    """The same logits from the last sum and the new ids alone."""

    def new_cache(self, batch):
        return {"length": 0, "sum": np.zeros((batch, 1, V))}

    def forward(self, ids, cache=None):
        if cache is None:
            return super().forward(ids)
        logits = cache["sum"] + super().forward(ids, start=cache["length"])
        cache["sum"] = logits[:, -1:]
        cache["length"] += ids.shape[1]
        return logits


PROMPTS = np.array([[1, 2, 3], [4, 4, 0], [6, 0, 5]])


@pytest.fixture(params=[Toy, CachedToy])
def model(request):
    return request.param()


def draws(logits, n=2000, seed=0, **options):
    """How often each id of one row of logits is drawn."""
    drawn = sample(np.tile(logits, (n, 1)), np.random.default_rng(seed), **options)
    return np.bincount(drawn, minlength=len(logits)) / n


# ---------------------------------------------------------------- generate


@pytest.mark.parametrize("window", ["shift", "slide"])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 20])
def test_greedy_takes_the_likeliest_token_after_the_window(model, n, window):
    ids = PROMPTS
    toy = Toy().eval()
    for length in range(3, 3 + n):
        seen = ids[:, window_start(length, BLOCK, window) :]
        ids = np.concatenate([ids, toy(seen)[:, -1].argmax(axis=-1)[:, None]], axis=1)
    np.testing.assert_array_equal(generate(model, PROMPTS, n, temperature=0, window=window), ids)


@pytest.mark.parametrize(
    ("window", "starts"),
    [
        ("shift", [0, 0, 0, 0, 0, 3, 3, 3, 6, 6, 6, 9, 9]),
        ("slide", [0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
    ],
)
def test_where_the_window_begins(window, starts):
    assert [window_start(length, BLOCK, window) for length in range(1, 14)] == starts


@given(st.integers(1, 1000), st.integers(1, 300))
def test_a_shifted_window_holds_more_than_half_a_block_and_at_most_a_whole_one(length, block_size):
    start = window_start(length, block_size)
    assert length - start <= block_size
    assert start == 0 or length - start > block_size // 2
    assert start <= window_start(length + 1, block_size)


@pytest.mark.parametrize("window", ["shift", "slide"])
@pytest.mark.parametrize("prompt_length", range(1, 3 * BLOCK))
def test_the_cache_changes_no_token_within_the_block_and_past_it(prompt_length, window):
    prompt = np.random.default_rng(0).integers(0, V, (4, prompt_length))
    options = {"temperature": 0.9, "top_k": 5, "top_p": 0.95, "seed": 3, "window": window}
    np.testing.assert_array_equal(
        generate(CachedToy(), prompt, 15, **options), generate(Toy(), prompt, 15, **options)
    )


def test_the_cache_is_fed_one_token_at_a_time_and_filled_anew_once_every_half_block():
    model = CachedToy()
    generate(model, PROMPTS, 10, seed=0)
    assert model.lengths == [3, 1, 1, 3, 1, 1, 3, 1, 1, 3]


def test_a_long_text_costs_little_more_than_its_tokens():
    model = CachedToy()
    model.config.block_size = 128
    generate(model, np.zeros((1, 40), int), 500, seed=0)
    shifts = (40 + 499 - 128 + 63) // 64
    assert sum(model.lengths) == 40 + 499 + 64 * shifts


def test_a_text_can_be_continued_where_it_ended(model):
    whole = generate(model, PROMPTS, 17, temperature=0)
    part = generate(model, PROMPTS, 9, temperature=0)
    np.testing.assert_array_equal(generate(model, part, 8, temperature=0), whole)


def test_a_single_prompt_gives_a_single_row_and_keeps_the_prompt(model):
    ids = generate(model, [1, 2, 3], 8, seed=0)
    assert ids.shape == (11,)
    assert ids[:3].tolist() == [1, 2, 3]
    assert ids.dtype.kind == "i"
    assert 0 <= ids.min() <= ids.max() < V


def test_a_batch_is_its_rows(model):
    batch = generate(model, PROMPTS, 8, temperature=0)
    for row, prompt in zip(batch, PROMPTS, strict=True):
        np.testing.assert_array_equal(row, generate(model, prompt, 8, temperature=0))


def test_the_prompt_of_the_caller_is_untouched(model):
    prompt = PROMPTS.copy()
    generate(model, prompt, 3, seed=0)
    np.testing.assert_array_equal(prompt, PROMPTS)


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.int32, np.int64])
def test_prompts_of_any_integer_type_continue_alike(model, dtype):
    expected = generate(model, PROMPTS, 8, seed=0)
    np.testing.assert_array_equal(generate(model, PROMPTS.astype(dtype), 8, seed=0), expected)


def test_the_seed_decides(model):
    first, again, other = (generate(model, PROMPTS, 20, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_without_a_seed_every_draw_is_fresh(model):
    assert (generate(model, PROMPTS, 50) != generate(model, PROMPTS, 50)).any()


def test_top_k_1_is_greedy(model):
    np.testing.assert_array_equal(
        generate(model, PROMPTS, 12, top_k=1), generate(model, PROMPTS, 12, temperature=0)
    )


def test_the_stop_token_fills_its_row_and_changes_no_other(model):
    free = generate(model, PROMPTS, 12, seed=4)[:, 3:]
    stop = int(free[0, 2])
    stopped = generate(model, PROMPTS, 12, seed=4, stop_token=stop)[:, 3:]
    ends = [(*np.flatnonzero(row == stop), 12)[0] for row in free]
    assert len(set(ends)) > 1
    assert stopped.shape[1] == min(12, max(ends) + 1)
    for row, free_row, end in zip(stopped, free, ends, strict=True):
        np.testing.assert_array_equal(row[:end], free_row[:end])
        assert (row[end:] == stop).all()


def test_generation_ends_when_every_row_has_stopped(model):
    free = generate(model, PROMPTS[0], 20, temperature=0)[3:]
    stop = free[4]
    stopped = generate(model, PROMPTS[0], 20, temperature=0, stop_token=stop)[3:]
    assert stopped.tolist() == free[: free.tolist().index(stop) + 1].tolist()


def test_a_stop_token_in_the_prompt_stops_nothing(model):
    free = generate(model, PROMPTS[0], 4, temperature=0)
    assert 2 not in free[3:]
    np.testing.assert_array_equal(generate(model, PROMPTS[0], 4, temperature=0, stop_token=2), free)


def test_stream_gives_the_same_columns_one_by_one(model):
    columns = list(stream(model, PROMPTS, 8, seed=0))
    np.testing.assert_array_equal(
        np.stack(columns, axis=1), generate(model, PROMPTS, 8, seed=0)[:, 3:]
    )


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_of_the_model_is_restored(model, training):
    model.train(training)
    generate(model, PROMPTS, 2)
    assert model.training is training


def test_the_mode_is_restored_when_a_stream_is_left_early(model):
    columns = stream(model, PROMPTS, 10)
    next(columns)
    assert not model.training
    columns.close()
    assert model.training


def test_the_mode_is_restored_after_an_error(model):
    model.table = model.table[:2]
    with pytest.raises(IndexError):
        generate(model, [5], 2)
    assert model.training


@pytest.mark.parametrize(
    ("prompt", "options", "message"),
    [
        ([], {}, "start from a newline or a special token"),
        ([[], []], {}, "at least one integer id a row"),
        ([1.0, 2.0], {}, "type float64"),
        ([[[1]]], {}, r"shape \(1, 1, 1\)"),
        ([V], {}, "holds ids from"),
        ([-1], {}, "holds ids from"),
        ([[1], [1, 2]], {}, "differ in length"),
        (
            [1],
            {"max_new_tokens": -1},
            "max_new_tokens is -1, expected a whole number",
        ),
        ([1], {"max_new_tokens": 1.0}, "max_new_tokens is 1.0"),
        ([1], {"stop_token": "a"}, "stop_token is 'a', expected a whole number"),
        ([1], {"seed": "0"}, "seed is '0', expected None or a whole number"),
        ([1], {"seed": -1}, "seed is -1"),
        ([1], {"temperature": "1"}, "temperature is '1'"),
        ([1], {"top_k": 1.5}, "top_k is 1.5"),
        ([1], {"top_p": "1"}, "top_p is '1'"),
        ([1], {"temperature": -0.5}, "temperature is -0.5"),
        ([1], {"temperature": float("nan")}, "temperature is nan"),
        ([1], {"top_k": 0}, "top_k is 0, expected 1 or more"),
        ([1], {"top_p": 0.0}, "top_p is 0.0, expected above 0"),
        ([1], {"top_p": 1.1}, "top_p is 1.1"),
        ([1], {"suppress_tokens": [V]}, "suppress_tokens holds 7, expected ids from 0 to 6"),
        ([1], {"suppress_tokens": [-1]}, "suppress_tokens holds -1"),
        ([1], {"suppress_tokens": range(V)}, "suppress_tokens holds all 7 ids"),
        ([1], {"window": "jump"}, "window is 'jump', expected one of shift, slide"),
    ],
)
def test_wrong_input_is_named(model, prompt, options, message):
    with pytest.raises(NpgptError, match=message):
        generate(model, prompt, **{"max_new_tokens": 1, **options})


@pytest.mark.parametrize(
    ("wrong", "came"), [([1], "a list"), (ReLU(), "a ReLU"), (Module, "the class Module")]
)
def test_what_is_no_model_is_named(wrong, came):
    with pytest.raises(NpgptError, match=f"generate: model is {came}, expected the model itself"):
        generate(wrong, [1], 1)


def test_a_stream_refuses_wrong_input_before_it_gives_anything(model):
    with pytest.raises(NpgptError, match="top_k is 0"):
        stream(model, PROMPTS, 1, top_k=0)


def test_suppressed_tokens_are_never_drawn_and_nothing_else_changes(model):
    free = generate(model, PROMPTS, 60, seed=0)
    suppressed = generate(model, PROMPTS, 60, seed=0, suppress_tokens=[2, 5])
    assert {2, 5} <= set(free[:, 3:].flat)
    assert set(suppressed[:, 3:].flat) == {0, 1, 3, 4, 6}


class SickLayer(Toy):
    """Toy with parameters that are looked at, and logits that overflow."""

    def __init__(self):
        super().__init__()
        self.parameter("weight", np.ones(3))

    def forward(self, ids):
        return super().forward(ids) + np.inf


@pytest.mark.parametrize("temperature", [0, 1])
def test_logits_that_are_not_finite_are_an_error_that_says_where(temperature):
    sick = Toy()
    sick.table[3] = np.nan
    with pytest.raises(NpgptError, match="after 3 tokens the highest logit is nan: it is not fin"):
        generate(sick, PROMPTS, 2, temperature=temperature)
    model = SickLayer()
    with pytest.raises(NpgptError, match=r"is inf: .*; every parameter is finite, so a layer"):
        generate(model, [1], 2, temperature=temperature)
    model.weight[1] = np.nan
    with pytest.raises(NpgptError, match="; the parameter weight holds numbers that are not fin"):
        generate(model, [1], 2, temperature=temperature)


# ---------------------------------------------------------------- sample

several_logits = st.lists(st.integers(-20, 20), min_size=1, max_size=9, unique=True).map(
    lambda numbers: np.array(numbers, dtype=np.float64)
)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_ids_are_drawn_as_often_as_softmax_says(temperature):
    logits = np.array([0.0, 1.0, 2.0, -1.0, 0.5])
    expected = softmax(logits / temperature)
    np.testing.assert_allclose(draws(logits, 40_000, temperature=temperature), expected, atol=0.01)


@pytest.mark.parametrize("rows", [1, 3])
def test_rows_without_an_id_are_refused(rows, model):
    with pytest.raises(NpgptError, match="expected at least one integer id a row"):
        generate(model, np.zeros((rows, 0), int), 1)


def test_logits_far_apart_are_close_at_a_high_temperature():
    drawn = draws(np.array([0.0, -100.0]), 40_000, temperature=100.0)
    np.testing.assert_allclose(drawn, softmax(np.array([0.0, -1.0])), atol=0.01)


def test_every_row_is_drawn_from_its_own_logits():
    logits = np.where(np.eye(4, dtype=bool), 50.0, 0.0)[[2, 0, 3]]
    assert sample(logits, np.random.default_rng(0)).tolist() == [2, 0, 3]


@given(several_logits, st.integers(1, 12))
def test_top_k_draws_from_the_k_likeliest_only(logits, k):
    likeliest = np.argsort(logits)[-k:]
    drawn = draws(logits, 50, temperature=5.0, top_k=k)
    assert set(np.flatnonzero(drawn)) <= set(likeliest)


def test_top_k_keeps_the_proportions_of_what_it_leaves():
    logits = np.log([0.1, 0.4, 0.2, 0.3])
    expected = [0, 4 / 7, 0, 3 / 7]
    np.testing.assert_allclose(draws(logits, 40_000, top_k=2), expected, atol=0.01)


@given(several_logits, st.floats(0.01, 1))
def test_top_p_draws_from_the_fewest_ids_that_hold_p(logits, top_p):
    p = softmax(logits / 5)
    order = np.argsort(-p)
    n_kept = 1 + int((np.cumsum(p[order]) < top_p - 1e-12).sum())
    drawn = draws(logits, 50, temperature=5.0, top_p=top_p)
    assert set(np.flatnonzero(drawn)) <= set(order[:n_kept])


def test_top_p_keeps_the_proportions_of_what_it_leaves():
    logits = np.log([0.1, 0.4, 0.2, 0.3])
    np.testing.assert_allclose(draws(logits, 40_000, top_p=0.65), [0, 4 / 7, 0, 3 / 7], atol=0.01)


def test_top_p_follows_top_k():
    logits = np.log([0.1, 0.4, 0.2, 0.3])  # the two likeliest hold 4/7 and 3/7
    assert draws(logits, top_k=2, top_p=0.55).tolist() == [0, 1, 0, 0]


@given(several_logits)
def test_limits_that_leave_everything_change_nothing(logits):
    free = draws(logits, 50)
    np.testing.assert_array_equal(draws(logits, 50, top_k=len(logits)), free)
    np.testing.assert_array_equal(draws(logits, 50, top_p=1.0), free)


@given(several_logits)
def test_a_temperature_of_0_and_a_tiny_one_take_the_likeliest(logits):
    best = int(np.argmax(logits))
    for temperature in (0, 1e-200):
        assert draws(logits, 5, temperature=temperature)[best] == 1


def test_an_impossible_id_is_never_drawn():
    logits = np.array([-np.inf, 0.0, -np.inf, 0.0])
    assert draws(logits)[[0, 2]].tolist() == [0, 0]


@pytest.mark.parametrize("options", [{}, {"temperature": 0}, {"top_k": 2}, {"top_p": 0.5}])
@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([0, np.nan, 0], "the highest logit is nan: it is not finite"),
        ([0, np.inf, np.nan], "the highest logit is nan"),
        ([0, 1, np.inf], "the highest logit is inf: it is not finite"),
        ([-np.inf] * 3, "the highest logit is -inf: no token is left to draw"),
    ],
)
def test_a_row_from_which_nothing_can_be_drawn_is_an_error(row, message, options):
    with pytest.raises(NpgptError, match=message):
        sample(np.array([[0.0, 1, 2], row]), np.random.default_rng(0), **options)


@pytest.mark.parametrize("options", [{}, {"temperature": 0}, {"top_k": 2}, {"top_p": 0.99}])
def test_suppressed_ids_leave_the_others_their_proportions(options):
    logits = np.log([0.1, 0.4, 0.2, 0.3])
    rest = np.log([0.1, 1e-300, 0.2, 0.3])
    expected = draws(rest, **options)
    np.testing.assert_array_equal(draws(logits, suppress_tokens=[1], **options), expected)


def test_a_row_whose_every_possible_id_is_suppressed_is_an_error():
    logits = np.array([[-np.inf, 0.0, -np.inf]])
    with pytest.raises(NpgptError, match="no token is left to draw"):
        sample(logits, np.random.default_rng(0), suppress_tokens=[1])


def test_the_logits_of_the_caller_are_untouched():
    logits = np.random.default_rng(0).normal(size=(2, 5))
    before = logits.copy()
    sample(logits, np.random.default_rng(0), 0.5, top_k=2, top_p=0.5, suppress_tokens=[1])
    np.testing.assert_array_equal(logits, before)
