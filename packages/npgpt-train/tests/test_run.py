"""A run's folder opened again: what is asked of its parts, its checkpoints and its record."""

import dataclasses
import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from npgpt_core import registry
from npgpt_core.errors import NpgptError, NpgptWarning, PluginError
from npgpt_train import load_run, session, train
from npgpt_train.events import ignore
from npgpt_train.run.folder import Run
from npgpt_train.run.paths import next_free
from npgpt_train.run.record import READERS


@pytest.fixture
def run(small_parts, monkeypatch):
    monkeypatch.setattr(session, "plot_curves", lambda metrics, path, title: None)
    with pytest.warns(match="by heart"):
        return train(out="run", report=ignore, **{**small_parts, "max_iters": 4, "keep": 9})


def test_a_part_that_is_not_installed_is_named_with_its_version(run, monkeypatch):
    load_run("run")
    find = registry.find

    def without_model(kind, name):
        if kind == "model":
            raise PluginError("unknown")
        return find(kind, name)

    monkeypatch.setattr(registry, "find", without_model)
    monkeypatch.setattr(registry, "plugins", lambda: ())
    told = "run was made with model 'table' of test 1, which is not installed: .*test==1"
    with pytest.raises(PluginError, match=told):
        load_run("run")
    assert Run.open("run").tokenizer().vocab_size == 128  # needs no model


def test_another_version_is_told_once(run, monkeypatch):
    find = registry.find

    def newer(kind, name):
        found = find(kind, name)
        found.version = "2"
        return found

    monkeypatch.setattr(registry, "find", newer)
    opened = Run.open("run")
    with pytest.warns(NpgptWarning, match="was made with test 1 .now 2."):
        opened.tokenizer()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opened.tokenizer()
        opened.require_parts("tokenizer")


def test_another_tokenizer_is_refused_and_changed_code_is_told(run, monkeypatch):
    target = registry.load("tokenizer", "letters")
    encode = target.encode
    monkeypatch.setattr(target, "encode", lambda self, text: encode(self, text)[::-1])
    with pytest.warns(NpgptWarning, match="the code of the tokenizer 'letters' changed since run"):
        Run.open("run").tokenizer()
    monkeypatch.setattr(target, "encode", encode)
    Run.open("run").tokenizer()
    monkeypatch.setattr(target, "vocab_size", 129)
    with pytest.raises(NpgptError, match=r"has 129 ids, the run was made with\s+128"):
        Run.open("run").tokenizer()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is damaged: Expecting value"),
        (b'{"extra": ', "is damaged: Expecting value"),
        (b"\xff\xfe{}", "is damaged: "),
        (b"[1]", "is damaged: it holds no JSON object"),
        (b"[" * 100_000, "is damaged: "),
        (b'{"extra": 1' + b"0" * 5000 + b"}", "is damaged: a whole number of 5001 digits"),
        (b'{"extra": 123456}', "has 17 bytes, expected at most 16"),
        (b'{"extra": 9}', "is damaged: extra may be 1 only"),
        (None, "No such file"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_tokenizer_file_that_is_not_whole_is_named(data, told, run, monkeypatch):
    def from_state(state):
        raise NpgptError("extra may be 1 only")

    monkeypatch.setattr(registry.load("tokenizer", "letters"), "from_state", from_state)
    if "at most" in told:
        monkeypatch.setattr("npgpt_train.run.folder.MAX_SIZE", 16)
    path = run.folder / "tokenizer.json"
    path.unlink() if data is None else path.write_bytes(data)
    with pytest.raises(NpgptError, match=rf"tokenizer\.json:? {told}"):
        Run.open("run").tokenizer()


def test_checkpoints_are_found_by_name_and_step(run):
    step_of = run.checkpoints.step_of
    assert run.checkpoints.steps() == [2, 4]
    assert (step_of("latest"), step_of("2"), step_of("000004")) == (4, 2, 4)
    for which in ("3", "first", "-2", "²", "1" * 20, ""):
        with pytest.raises(NpgptError, match=r"run has no checkpoint .*: there are 2, 4"):
            step_of(which)
    model = run.model("2")
    assert not model.training
    expected = run.checkpoints.load_model(2, 10**6)["table.weight"]
    assert np.array_equal(model.parameters()["table.weight"], expected)
    Path("run/best").unlink()
    with pytest.warns(NpgptWarning, match="no best checkpoint yet: this is its latest, of step 4"):
        assert step_of("best") == 4
    Path("run/latest").unlink()
    with pytest.raises(NpgptError, match="no checkpoint 'best'"):
        step_of("best")


def test_finished_is_all_steps_and_a_sample(run):
    assert run.is_finished
    Path("run/latest").write_text("step-000002\n")
    assert not run.is_finished
    Path("run/latest").write_text("step-000004\n")
    Path("run/sample.txt").unlink()
    assert not run.is_finished


def test_discarding_leaves_the_lock_alone(run):
    assert run.is_trained()
    run.discard()
    assert [path.name for path in Path("run").iterdir()] == [".lock"]
    assert not run.is_trained()


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_the_next_free_folder_is_the_first_that_is_not_there(taken, tmp_path):
    for number in range(1, 1 + taken):
        (tmp_path / f"x-{number}").mkdir()
    (tmp_path / "x-9").mkdir()
    assert next_free(tmp_path, "x") == tmp_path / f"x-{taken + 1}"


def test_a_record_is_read_back_as_it_was_written(run):
    content = json.loads(Path("run/run.json").read_text())
    assert run.record.to_json() == content
    assert READERS[1](content) == run.record == Run.open("run").record
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.record.keep = 1


def test_a_record_that_is_taken_for_a_dict_says_that_contract_1_had_one(run):
    for read in (lambda: run.record["parameters"], lambda: "preset" in run.record):
        with pytest.raises(NpgptError, match=r"plugin contract 1: .* record.parameters. docs/PLUG"):
            read()


def test_a_whole_number_of_numpy_is_recorded_as_pythons(run):
    record = dataclasses.replace(run.record, vocab_size=np.int64(7))
    assert json.loads(json.dumps(record.to_json()))["vocab_size"] == 7


NUMBERS = ("vocab_size", "parameters", "ranks", "keep")
TEXTS = ("preset", "init_from", "tokenizer_sha256", "encoding_sha256", "on_nan")


def test_a_record_is_whole_or_says_what_is_not(run):
    content = run.record.to_json()

    def damage(**changes):
        try:
            READERS[1]({**content, **changes})
        except NpgptError as error:
            return str(error)
        return None

    young = {
        "keep",
        "on_nan",
        "ends_texts",
        "encoding_sha256",
        "tokenizer_sha256",
        "versions",
        "parts",
    }
    early = READERS[1]({k: v for k, v in content.items() if k not in young})
    assert (early.keep, early.on_nan, early.encoding_sha256) == (3, "stop", None)
    for name in NUMBERS:
        for value in (1, 2**53 - 1):
            assert damage(**{name: value}) is None
        for value in (0, 2**53, 1.0, True, "1", None):
            assert damage(**{name: value}).startswith(f"{name} is {value!r}")
    for name, least in (("characters", 1), ("files", 1), ("bytes", 1)):
        for value in (least - 1, "1", 2**53):
            data = {**content["data"], name: value}
            assert damage(data=data).startswith(f"data.{name} is {value!r}")
    for name in ("first_files", "skipped", "folder", "tokens_sha256"):
        assert damage(data={**content["data"], name: 1}).startswith(f"data.{name} is 1, expected")
    for value in (None, {}, {"sha256": 1}, []):
        assert damage(data=value) == "data has no sha256"
    for name in TEXTS:
        assert damage(**{name: 1}) == f"{name} is 1, expected a text"
    for value, fits in (("skip", True), ("stop", True), ("panic", False)):
        assert (damage(on_nan=value) is None) == fits
    assert damage(ends_texts=1) == "ends_texts is 1, expected true or false"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": 3}, "has format 3, this npgpt reads 1 and 2"),
        ({"format": [1]}, r"has format \[1\], this npgpt reads 1 and 2"),
        ({"ranks": 0}, "is damaged: ranks is 0"),
        ({"settings": {}}, "is damaged: settings hold"),
    ],
)
def test_a_damaged_run_is_not_opened(change, told, run):
    path = Path("run/run.json")
    path.write_text(json.dumps({**run.record.to_json(), **change}))
    with pytest.raises(NpgptError, match=rf"run.json {told}"):
        Run.open("run")
    path.unlink()
    with pytest.raises(NpgptError, match=r"run holds no run: there is no run/run\.json"):
        Run.open("run")
