"""What a model is asked to continue, and what is said of a prompt that it does not know."""

import warnings

import numpy as np
import pytest

from npgpt_core import registry
from npgpt_train import session, train
from npgpt_train.events import ignore
from npgpt_train.run.folder import Run
from npgpt_train.sampling import (
    first_ids,
    never_written,
    sample_text,
    unknown_share,
    warn_if_unknown,
)


@pytest.fixture
def letters(small_parts):
    return registry.create("tokenizer", "letters")


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("to be", None),
        ("tö be", r"^1 of the 5 tokens of the prompt is unknown to the model.*: 'ö'$"),
        ("tö bé", r"2 of the 5 tokens of the prompt are unknown .* reads <unk> instead: 'ö', 'é'$"),
        ("öaöböaé", r"4 of the 7 tokens .*: 'ö', 'é'$"),
        ("äaöaü", r"3 of the 5 tokens .*: 'ä', 'ö', 'ü'$"),
        ("äaöaüaß", r"4 of the 7 tokens .*: 'ä', 'ö', 'ü' and 1 more$"),
        ("äaöaüaßaé", r"5 of the 9 tokens .*: 'ä', 'ö', 'ü' and 2 more$"),
    ],
)
def test_unknown_parts_of_a_prompt_are_counted_and_a_few_are_named(prompt, told, letters):
    ids = letters.encode(prompt)
    if told:
        with pytest.warns(match=told):
            warn_if_unknown(letters, prompt, ids)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warn_if_unknown(letters, prompt, ids)
    assert unknown_share(letters, ids) == sum(ord(c) > 127 for c in prompt) / len(prompt)


def test_a_text_begins_with_a_line_break_or_with_bos(letters, monkeypatch):
    assert first_ids(letters).tolist() == [ord("\n")]
    monkeypatch.setattr(letters, "encode", lambda text: np.array([], int))
    assert first_ids(letters).tolist() == [2]
    assert never_written(letters) == [0, 1]


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
    (run.folder / "best").unlink()
    assert sample_text(run).startswith(after_line_break)
    assert chosen == ["best", "latest"]
