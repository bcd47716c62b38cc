import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from npgpt_core import Dropout, Embedding, Linear, Module
from npgpt_core.errors import NpgptError
from npgpt_train.evaluation import evaluate
from npgpt_train.loop.batches import draw_batch, require_batch_memory, windows
from npgpt_train.loop.randomness import Purpose, generator
from npgpt_train.loop.workers import open_workers

V, C = 11, 8


class Bigram(Module):
    """Next-token logits from the present token alone."""

    def __init__(self, dropout=0.0):
        super().__init__()
        self.config = SimpleNamespace(vocab_size=V)
        rng = np.random.default_rng(0)
        self.embedding = Embedding(V, C, rng=rng, std=1, dtype=np.float64)
        self.dropout = Dropout(dropout, rng=rng)
        self.head = Linear(C, V, rng=rng, std=1, dtype=np.float64)

    def forward(self, ids):
        return self.head(self.dropout(self.embedding(ids)))

    def backward(self, dlogits):
        self.embedding.backward(self.dropout.backward(self.head.backward(dlogits)))


def _gradients(count, dropout=0.0):
    model = Bigram(dropout)
    ids = np.random.default_rng(1).integers(0, V, (5, 7))
    with open_workers(model, count, 5) as workers:
        rngs = [generator(0, Purpose.DROPOUT, 3, worker=i) for i in range(count)]
        loss = workers.gradients(ids[:, :-1], ids[:, 1:], rngs)
    return loss, model.grads()


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_many_workers_compute_what_one_does(count):
    loss, grads = _gradients(1)
    split_loss, split_grads = _gradients(count)
    assert split_loss == pytest.approx(loss, abs=1e-12)
    for name, grad in grads.items():
        np.testing.assert_allclose(split_grads[name], grad, atol=1e-12)


def test_a_model_with_too_few_logits_is_named():
    model, ids = Bigram(), np.zeros((5, 7), np.int64)
    model.config = SimpleNamespace(vocab_size=V + 1)
    with open_workers(model, 1, 5) as workers:
        for use in (
            lambda: workers.loss(ids, ids),
            lambda: workers.gradients(ids, ids, [np.random.default_rng(0)]),
        ):
            with pytest.raises(NpgptError, match=r"Bigram gave logits .5, 7, 11., expected .*12"):
                use()


def test_the_same_workers_give_the_same_bits(monkeypatch):
    (loss, grads), forward = _gradients(3, dropout=0.5), Bigram.forward

    def late_first_rows(self, ids):
        time.sleep(0.02 * (len(ids) % 2))
        return forward(self, ids)

    monkeypatch.setattr(Bigram, "forward", late_first_rows)
    again_loss, again = _gradients(3, dropout=0.5)
    assert loss == again_loss
    for name, grad in grads.items():
        assert np.array_equal(grad, again[name])


def test_there_are_no_more_replicas_than_rows():
    with open_workers(Bigram(), 10**9, 5) as workers:
        assert len(workers.models) == 5


def test_gradients_of_too_many_replicas_are_refused_before_any_is_made():
    too_many = pytest.raises(NpgptError, match=r"1,000,000,000 times .*take fewer workers")
    with too_many, open_workers(Bigram(), 10**9, 10**9):
        pass


def test_threads_that_the_system_does_not_give_are_an_error(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(NpgptError, match=r"no 3 threads .*take fewer workers"):
        _gradients(3)


@pytest.mark.parametrize(
    "sizes", [(2**62, 8, 60), (8, 2**62, 60), (8, 8, 2**62), (8, 8, 60, 2**62)]
)
def test_batches_beyond_any_memory_are_refused(sizes):
    with pytest.raises(NpgptError, match=r"rows of .* takes at least .*: use a larger machine"):
        require_batch_memory(*sizes)
    require_batch_memory(*(min(size, 100) for size in sizes))


@pytest.mark.parametrize("accumulation", [1, 2])
def test_a_batch_beyond_any_memory_can_be_made_smaller_by_what_can_be_set(accumulation):
    names = ["batch_size", "grad_accumulation"]
    offered = " or ".join(f"`{name}`" for name in names[:accumulation])
    with pytest.raises(NpgptError, match=f": take a smaller {offered}$"):
        require_batch_memory(2**62, 8, 60, accumulation, names)


def test_losses_are_those_of_the_whole_text_side_by_side():
    tokens = np.random.default_rng(0).integers(0, V, 53).astype(np.uint16)
    model = Bigram()
    with open_workers(model, 2, 3) as workers:
        loss, count = evaluate(workers, tokens, batch_size=3, block_size=7)
        x, y = tokens[None, :-1].astype(int), tokens[None, 1:].astype(int)
        assert count == 52
        assert loss == pytest.approx(workers.loss(x, y), abs=1e-12)
    assert model.training


def test_targets_are_the_inputs_one_token_later():
    tokens = np.arange(20, dtype=np.uint16)
    x, y = windows(tokens, np.array([0, 11]), 8)
    assert np.array_equal(y, x + 1)
    assert y[1, -1] == 19
    starts = {draw_batch(tokens, 1, 18, np.random.default_rng(i))[0][0, 0] for i in range(30)}
    assert starts == {0, 1}


def test_too_few_tokens_are_refused():
    with pytest.raises(NpgptError, match="too few for a block of 20"):
        draw_batch(np.arange(20), 1, 20, np.random.default_rng(0))


def test_draws_differ_by_purpose_step_rank_and_worker():
    keys = [(0, Purpose.BATCH), (0, Purpose.DROPOUT), (1, Purpose.BATCH)]
    keys += [(0, Purpose.BATCH, 1), (0, Purpose.BATCH, 0, 1), (0, Purpose.BATCH, 0, 0, 1)]
    draws = [generator(*key).integers(2**62) for key in keys]
    assert len(set(draws)) == len(keys)
    assert draws == [generator(*key).integers(2**62) for key in keys]


@pytest.mark.parametrize("count", [1, 3])
def test_gradients_add_up_over_calls(count):
    model, ids = Bigram(), np.random.default_rng(1).integers(0, V, (5, 7))
    rngs = [np.random.default_rng(i) for i in range(count)]
    with open_workers(model, count, 5) as workers:
        loss = workers.gradients(ids[:, :-1], ids[:, 1:], rngs)
        once = {name: grad.copy() for name, grad in model.grads().items()}
        assert workers.gradients(ids[:, :-1], ids[:, 1:], rngs) == loss
        for name, grad in model.grads().items():
            np.testing.assert_allclose(grad, 2 * once[name], atol=1e-12)
        assert workers.gradients(ids[:, :-1], ids[:, 1:], rngs, 0.25) == pytest.approx(loss / 4)
        for name, grad in model.grads().items():
            np.testing.assert_allclose(grad, 2.25 * once[name], atol=1e-12)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("place", [None, "embedding.weight", "head.bias"])
def test_where_numbers_are_not_finite_is_found_whoever_meets_them(count, place):
    model, ids = Bigram(), np.random.default_rng(1).integers(0, V, (4, 7))
    if place:
        model.parameters()[place][...] = np.inf
    with open_workers(model, count, 4) as workers:
        rngs = [np.random.default_rng(i) for i in range(count)]
        found = workers.diagnose(ids[:, :-1], ids[:, 1:], rngs)
    assert found == (place and f"the parameter {place}")
