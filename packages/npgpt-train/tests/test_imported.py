"""A model that was trained elsewhere, as a run at step 0."""

import json
from pathlib import Path

import numpy as np
import pytest

from npgpt_core import NpgptError, registry
from npgpt_train import load_run, train
from npgpt_train.evaluation import evaluate_run
from npgpt_train.events import ignore
from npgpt_train.explain.step import explain_step
from npgpt_train.imported import create_imported
from npgpt_train.run.folder import Run
from npgpt_train.run.listing import list_runs
from npgpt_train.run.reference import compare_to_reference, verdict
from npgpt_train.training import train as run_training

WEIGHTS = np.random.default_rng(0).normal(size=(128, 128)).astype(np.float32)


def create(folder="theirs", **changed):
    tokenizer = registry.create("tokenizer", "letters")
    given = {"model": "table", "parameters": 128**2, "tokenizer": tokenizer}
    given |= {"tokenizer_name": "letters", "imported_from": "model.gguf"}
    given["options"] = {"vocab_size": 128, "block_size": 4}
    given["fill"] = lambda parameters: np.copyto(parameters["table.weight"], WEIGHTS)
    return create_imported(Path(folder), **{**given, **changed})


@pytest.fixture
def imported(small_parts):
    return create()


def test_it_is_opened_as_any_run(imported):
    run = Run.open("theirs")
    assert run.record == imported.record
    assert (run.record.data, run.record.imported_from) == (None, "model.gguf")
    assert set(run.record.parts) == {"tokenizer", "model"}
    loaded = load_run("theirs")
    assert (loaded.model.parameters()["table.weight"] == WEIGHTS).all()
    assert loaded.tokenizer.decode([98, 101]) == "be"
    assert loaded.metrics == []
    assert "settings=Settings of an imported model" in repr(loaded)


@pytest.mark.parametrize(
    ("stop", "told"),
    [
        (OSError(28, "No space left on device"), NpgptError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_one_that_was_not_written_whole_leaves_nothing(stop, told, small_parts, monkeypatch):
    def save_record(run):
        assert run.checkpoints.steps() == [0]
        raise stop

    with monkeypatch.context() as patch:
        patch.setattr(Run, "save_record", save_record)
        with pytest.raises(told):
            create()
    assert not Path("theirs").exists()
    assert create().record.imported_from == "model.gguf"


def test_it_is_listed_without_steps_to_do(imported):
    (entry,) = list_runs(Path())
    assert (entry.state, entry.step, entry.steps) == ("imported", 0, None)
    assert (entry.data, entry.tokenizer, entry.model) == ((), "letters", "table")


def test_it_is_evaluated_on_a_text_that_is_named(imported):
    assert evaluate_run(imported, ["play.txt"]).tokens > 0
    with pytest.raises(NpgptError, match=r"theirs is an imported model.*name a text with `data`"):
        evaluate_run(imported)
    assert compare_to_reference(imported, []) is None
    assert verdict(imported, []) == ""


def test_it_is_evaluated_with_as_long_a_context_as_is_asked_for(imported):
    Path("short.txt").write_text("to")
    with pytest.raises(NpgptError, match=r"too few for a block of 4 .* smaller block_size"):
        evaluate_run(imported, ["short.txt"])
    assert evaluate_run(imported, ["short.txt"], block_size=1).tokens == 1
    with pytest.raises(NpgptError, match=r"block_size is 5, expected a whole number .* below 5"):
        evaluate_run(imported, ["short.txt"], block_size=5)


@pytest.mark.filterwarnings("ignore:.*by heart")
def test_its_explained_step_is_the_first_that_training_takes(published, small_parts, monkeypatch):
    monkeypatch.setattr("npgpt_train.session.plot_curves", lambda metrics, path, title: None)
    sizes = {"batch_size": 3, "block_size": 2}
    step = explain_step(create(), data=["play.txt"], **sizes)
    given = {"init_from": "theirs", "data": "play.txt", "max_iters": 1, "report": ignore}
    taken = train(out="tuned", **given, **sizes).metrics()[1]  # after the evaluation of step 0
    assert (step.number, step.rows, step.tokens) == (1, 3, 2)
    assert (step.loss, step.grad_norm, step.lr) == (taken["loss"], taken["grad_norm"], taken["lr"])


def test_its_step_has_a_small_batch_unless_told_otherwise(published):
    step = explain_step(create(), data=["play.txt"])
    assert (step.rows, step.tokens) == (1, 4)
    options = {"vocab_size": 128, "block_size": 1000}
    step = explain_step(create("longer", options=options), data=["play.txt"])
    assert (step.rows, step.tokens) == (1, 128)


def test_its_step_writes_nothing_into_it(published):
    def files():
        return {path: path.read_bytes() for path in Path("theirs").rglob("*") if path.is_file()}

    imported, there = create(), files()
    explain_step(imported, data=["play.txt"])
    assert files() == there


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ({"block_size": 5}, "block_size is 5, expected a whole number of at least 1 and below 5"),
        ({"batch_size": 0}, "batch_size is 0, expected"),
    ],
)
def test_its_step_has_no_rows_of_other_sizes(size, told, published):
    with pytest.raises(NpgptError, match=told):
        explain_step(create(), data=["play.txt"], **size)


def test_what_needs_its_training_says_how_to_train_it(imported, small_parts):
    for ask in (lambda: explain_step(imported), lambda: run_training(out="theirs", resume=True)):
        with pytest.raises(NpgptError, match=r"name a text with `data` .* `init_from=theirs`"):
            ask()


@pytest.mark.filterwarnings("ignore:.*by heart")
def test_it_is_trained_on(imported, small_parts, monkeypatch):
    monkeypatch.setattr("npgpt_train.session.plot_curves", lambda metrics, path, title: None)
    tuned = train(out="tuned", init_from="theirs", keep=9, report=ignore, **small_parts)
    start = tuned.checkpoints.load_model(0, WEIGHTS.nbytes)["table.weight"]
    assert tuned.is_finished
    assert (start == WEIGHTS).all()
    assert tuned.settings.max_iters == 6
    assert Run.open("theirs").record.ends_texts is Run.open("tuned").record.ends_texts is True


@pytest.mark.filterwarnings("ignore:.*by heart")
def test_a_context_may_become_shorter_but_not_longer(imported, small_parts, monkeypatch):
    monkeypatch.setattr("npgpt_train.session.plot_curves", lambda metrics, path, title: None)
    settings = {**small_parts, "init_from": "theirs", "report": ignore}
    short = train(out="short", **{**settings, "block_size": 2})
    assert short.settings.block_size == 2
    with pytest.raises(NpgptError, match="block_size = 5 does not fit"):
        train(out="long", **{**settings, "block_size": 5})


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"parameters": 1}, "make a model of 16,384 parameters, not of 1"),
        ({"options": {"vocab_size": 127, "block_size": 4}}, "has 128 ids, the model 127"),
        ({"folder": "play.txt"}, "is a file, expected a folder"),
    ],
)
def test_what_does_not_fit_together_is_refused_before_anything_is_written(
    changed, told, small_parts
):
    before = sorted(Path().iterdir())
    with pytest.raises(NpgptError, match=told):
        create(**changed)
    assert sorted(Path().iterdir()) == before


def test_nothing_is_written_if_the_weights_cannot_be_read(small_parts):
    def fail(parameters):
        raise NpgptError("the file is damaged")

    with pytest.raises(NpgptError, match="damaged"):
        create(fill=fail)
    assert not Path("theirs").exists()


@pytest.mark.parametrize("missing", ["imported_from", "data"])
def test_a_run_has_a_text_or_says_what_it_was_imported_from(missing, imported):
    content = json.loads(Path("theirs/run.json").read_text())
    if missing == "data":
        content["settings"]["data"] = ["play.txt"]
    else:
        del content["imported_from"]
    Path("theirs/run.json").write_text(json.dumps(content))
    with pytest.raises(NpgptError, match="either data or what it was imported from"):
        Run.open("theirs")


# ------------------------------------------------------------- a tokenizer that is there already


@pytest.mark.filterwarnings("ignore:.*by heart")
@pytest.mark.parametrize("path", ["theirs", "theirs/tokenizer.json", "alone.json"])
def test_a_tokenizer_may_be_taken_from_a_run_or_a_file(path, imported, small_parts, monkeypatch):
    monkeypatch.setattr("npgpt_train.session.plot_curves", lambda metrics, path, title: None)
    monkeypatch.setattr(registry.load("tokenizer", "letters"), "train", None)  # is not called
    Path("alone.json").write_bytes(Path("theirs/tokenizer.json").read_bytes())
    run = train(out="run", report=ignore, **{**small_parts, "tokenizer": path})
    assert run.settings.tokenizer.name == "letters"
    assert Path("run/tokenizer.json").read_bytes() == Path("alone.json").read_bytes()


def test_nothing_can_be_set_of_it(imported, small_parts):
    with pytest.raises(NpgptError, match=r"tokenizer.extra cannot be set of a tokenizer that is"):
        train(out="run", **{**small_parts, "tokenizer": "theirs"}, options={"tokenizer.extra": 2})
