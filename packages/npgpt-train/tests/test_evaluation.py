"""The loss over a whole text, held against the definition."""

import math
from pathlib import Path

import numpy as np
import pytest

from npgpt_core.errors import NpgptError
from npgpt_train import session, train
from npgpt_train.evaluation import Evaluation, evaluate_run
from npgpt_train.events import ignore
from npgpt_train.run.folder import Run

TEXT = "to be or not to be\n" * 80


@pytest.fixture
def run(small_parts, monkeypatch):
    monkeypatch.setattr(session, "plot_curves", lambda metrics, path, title: None)
    given = {**small_parts, "eval_interval": 1, "max_iters": 3, "lr": 3.0}
    with pytest.warns(match="by heart"):
        return train(out="run", keep=9, report=ignore, **given)


def mean_loss(run, step, ids):
    logits = run.checkpoints.load_model(step, 10**6)["table.weight"][ids[:-1]].astype(float)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(ids) - 1), ids[1:]]).mean()


@pytest.mark.parametrize(("which", "step"), [("latest", 3), ("1", 1)])
def test_it_is_of_the_whole_validation_part_or_of_the_whole_of_another_text(run, which, step):
    ids = np.array([ord(c) for c in TEXT])
    held_out = ids[int(len(ids) * 0.9) :]
    Path("other.txt").write_text("böat" * 20)
    other = np.array([1 if c == "ö" else ord(c) for c in "böat" * 20])
    for data, expected, unknown in (((), held_out, 0.0), (["other.txt"], other, 0.25)):
        found = evaluate_run(run, data, which)
        assert found.loss == pytest.approx(mean_loss(run, step, expected), rel=1e-5)
        assert (found.tokens, found.characters) == (len(expected) - 1, len(expected))
        assert found.unknown == unknown


def test_a_text_of_less_than_a_block_is_refused(run):
    for length, refused in ((4, True), (5, False)):
        Path("short.txt").write_text("to be"[:length])
        if refused:
            with pytest.raises(NpgptError, match="too few for a block"):
                evaluate_run(run, ["short.txt"])
        else:
            assert evaluate_run(run, ["short.txt"]).tokens == 4


def test_a_loss_that_is_not_finite_says_where_it_began(run, monkeypatch):
    model = run.model()
    model.parameters()["table.weight"][...] = np.nan
    monkeypatch.setattr(Run, "model", lambda self, which="best": model)
    with pytest.raises(NpgptError, match=r"the loss is nan: .*in the parameter table.weight"):
        evaluate_run(run)


def test_bits_and_perplexity_are_of_the_loss():
    found = Evaluation(loss=math.log(8), tokens=10, characters=20, unknown=0.0)
    assert found.perplexity == pytest.approx(8)
    assert found.bits_per_character == pytest.approx(3 * 10 / 20)
    assert math.isfinite(Evaluation(1e6, 10, 20, 0.0).perplexity)
