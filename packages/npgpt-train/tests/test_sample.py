"""What a model is asked to continue, and what it writes."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from npgpt_core import registry
from npgpt_train import session, train
from npgpt_train.events import ignore
from npgpt_train.run.folder import Run
from npgpt_train.run.sample import first_ids, sample_text, stop_token, suppressed_ids


@pytest.fixture
def letters(small_parts):
    return registry.create("tokenizer", "letters")


def test_a_text_begins_with_a_line_break_or_with_bos(letters, monkeypatch):
    assert first_ids(letters).tolist() == [ord("\n")]
    monkeypatch.setattr(letters, "encode", lambda text: np.array([], int))
    assert first_ids(letters).tolist() == [2]


@pytest.mark.parametrize(
    ("special", "begins", "unwritten"),
    [
        ({"bos_id": 7, "eos_id": 8}, 7, []),
        ({"eos_id": 8}, 8, []),
        ({"pad_id": 0, "unk_id": 1}, 2, [0, 1]),
        ({"pad_id": 8, "unk_id": 8, "eos_id": 8}, 8, []),  # one token for all, as of GPT-2
        ({}, 0, []),
    ],
)
def test_any_special_tokens_will_do(special, begins, unwritten):
    names = dict.fromkeys(("pad_id", "unk_id", "bos_id", "eos_id"))
    tokenizer = SimpleNamespace(vocab_size=9, encode=lambda text: [], **{**names, **special})
    assert suppressed_ids(tokenizer) == unwritten
    assert first_ids(tokenizer).tolist() == [begins]


@pytest.fixture
def run(small_parts, monkeypatch):
    monkeypatch.setattr(session, "plot_curves", lambda metrics, path, title: None)
    with pytest.warns(match="by heart"):
        return train(out="run", report=ignore, **{**small_parts, "max_iters": 2})


def test_a_sample_is_the_same_every_time_and_never_unknown(run):
    sample = sample_text(run)
    assert sample == sample_text(run)
    assert len(sample) == 500
    assert not {"\ufffd", "\x00"} & set(sample)


def test_a_sample_follows_a_line_break_by_the_best_weights_there_are(run, monkeypatch):
    model, chosen = run.fresh_model(np.random.default_rng(0)), []
    model.load_state_dict({"table.weight": 1e4 * np.eye(128, k=1, dtype=np.float32)})
    monkeypatch.setattr(Run, "model", lambda self, which: chosen.append(which) or model)
    after_line_break = "".join(map(chr, range(ord("\n") + 1, 128)))
    assert sample_text(run).startswith(after_line_break)
    assert not run.record.ends_texts
    (run.folder / "best").unlink()
    assert sample_text(run).startswith(after_line_break)
    assert chosen == ["best", "latest"]


def test_only_a_model_that_was_taught_the_end_ends_its_text(run, letters):
    assert stop_token(run, letters) is None
    taught = Run(run.folder, replace(run.record, ends_texts=True))
    assert stop_token(taught, letters) == letters.eos_id


def test_a_sample_ends_where_the_model_ends_it(run, letters, monkeypatch):
    after = {"\n": "b", "b": "e", "e": chr(letters.eos_id)}
    table = np.zeros((128, 128), np.float32)
    for character, following in after.items():
        table[ord(character), ord(following)] = 1e4
    model = run.fresh_model(np.random.default_rng(0))
    model.load_state_dict({"table.weight": table})
    monkeypatch.setattr(Run, "model", lambda self, which: model)
    taught = Run(run.folder, replace(run.record, ends_texts=True))
    assert sample_text(taught) == "be" + chr(letters.eos_id)
