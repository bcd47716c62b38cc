"""What a resumed run takes and refuses, each on either side of its border; and the list of runs."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from npgpt_core import registry
from npgpt_core.errors import NpgptError, NpgptWarning
from npgpt_core.events import Continuing, Started, Stepped
from npgpt_train import train
from npgpt_train.evaluation import evaluate_run
from npgpt_train.machine.lock import RunLock
from npgpt_train.preparation import prepare_resumed
from npgpt_train.run.compatibility import versions
from npgpt_train.run.folder import Run
from npgpt_train.run.listing import list_runs
from npgpt_train.settings.choices import choose

TEXT = "to be or not to be\n" * 80
SMALL = {"max_iters": 4, "eval_interval": 2, "eval_iters": 1, "batch_size": 2, "block_size": 4}
PARTS = {"tokenizer": "letters", "model": "table", "optim": "momentum", "schedule": "falling"}

LARGE = "ignore:.*the model can learn the text by heart:npgpt_core.errors.NpgptWarning"
pytestmark = pytest.mark.filterwarnings(LARGE)


@pytest.fixture(autouse=True)
def machine(small_parts):
    """A registry of four small parts, and a current folder with a text."""
    return Path.cwd()


class Stop(BaseException):
    """Ends a run between two steps."""


def begin(out="run", stop_at=None, **settings):
    """A run, ended without a last word before its step ``stop_at`` is told."""

    def report(event):
        if isinstance(event, Stepped) and event.metrics["step"] == stop_at:
            raise Stop

    given = {"data": "play.txt", "workers": 1, "preset": "tiny", **PARTS, **SMALL, **settings}
    try:
        return train(out=out, report=report, **given)
    except Stop:
        return Run.open(out)


def resume(out="run", **given):
    return train(out=out, resume=True, report=lambda event: None, **given)


def record(out="run", **changes):
    """What the file of a run holds, after changing it."""
    path = Run.open(out).folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return json.loads(path.read_text())


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


# ------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    "same",
    [
        {"preset": "tiny", "tokenizer": "letters", "model": "table", "optim": "momentum", **SMALL},
        {"preset": "tiny"},
        {"lr": 3e-3},
        {"seed": 1337},
        {"workers": 0},
        {"workers": 1},
        {"max_iters": 4},
        {"max_iters": 5},
        {"options": {"tokenizer.extra": 1}},
        {"options": {"tokenizer.extra": None}},
        {"extra": 1},
        {"config": {"lr": 3e-3, "tokenizer": {"name": "letters", "extra": 1}}},
        {"data": "play.txt"},
    ],
    ids=str,
)
def test_what_was_recorded_may_be_said_again(same):
    begin(stop_at=3)
    run = resume(**same)
    assert run.is_finished
    assert run.settings.max_iters == same.get("max_iters", 4)
    assert run.settings.schedule.options["max_iters"] == 4


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"lr": 4e-3}, "lr = 0.004 contradicts run, which was made with 0.003"),
        ({"seed": 1}, "seed = 1 contradicts"),
        ({"workers": 2}, "workers = 2 contradicts"),
        ({"max_iters": 3}, "max_iters = 3 contradicts"),
        ({"max_iters": 5.0}, "max_iters"),
        ({"tokenizer": "words"}, "tokenizer = 'words' contradicts"),
        ({"options": {"tokenizer.extra": 2}}, "tokenizer.extra = 2 contradicts"),
        ({"extra": 2}, "tokenizer.extra = 2 contradicts"),
        ({"vocab_size": 2}, "unknown setting 'vocab_size'"),
        ({"options": {"tokenizer.size": 2}}, "made with no such option"),
        ({"options": {"tokenizer.size": None}}, "made with no such option"),
        ({"config": {"lr": 1.0}}, "lr = 1.0"),
        ({"preset": "quick"}, "contradicts run, which was made with"),
        ({"preset": "full"}, "contradicts run, which was made with"),
    ],
    ids=str,
)
def test_what_contradicts_the_record_is_refused_by_name(other, named):
    begin(stop_at=3)
    before = record()
    with pytest.raises(NpgptError, match=named):
        resume(**other)
    assert record() == before


def test_another_preset_is_taken_where_all_its_numbers_are_those_of_the_record(monkeypatch):
    quick = {"max_iters": 1200, "lr": 2e-3, "batch_size": 16, "block_size": 128}
    quick |= {"eval_interval": 250, "eval_iters": 10}
    begin(stop_at=1, preset="full", **quick)
    folder, ready = Run.open("run").folder, {"ranks": 1, "report": lambda event: None}
    prepare_resumed(folder, choose(preset="full"), None, **ready).close()
    prepare_resumed(folder, choose(preset="quick"), None, **ready).close()
    prepare_resumed(folder, choose(preset="tiny", flags=quick), None, **ready).close()
    with pytest.raises(NpgptError, match="batch_size = 8 contradicts"):
        prepare_resumed(folder, choose(preset="tiny"), None, **ready)
    presets = {"full": {"dropout": 0.0}, "quick": {"dropout": 0.1}}
    monkeypatch.setattr(registry.load("model", "table"), "presets", presets, raising=False)
    prepare_resumed(folder, choose(preset="tiny", flags=quick), None, **ready).close()
    with pytest.raises(NpgptError, match=r"model.dropout = 0\.1 contradicts"):
        prepare_resumed(folder, choose(preset="quick"), None, **ready)


def test_keep_and_on_nan_are_taken_and_recorded():
    begin(stop_at=3)
    run = resume(keep=2, on_nan="skip")
    assert (run.record.keep, run.record.on_nan) == (2, "skip")
    assert Run.open("run").record == run.record


def test_other_ranks_are_refused():
    begin(stop_at=3)
    for ranks, refused in ((1, False), (2, True)):
        record(ranks=ranks)
        if refused:
            with pytest.raises(NpgptError, match="was trained by 2 processes, not 1"):
                resume()
        else:
            assert resume().is_finished


def test_another_tokenizer_file_is_refused(machine):
    begin(stop_at=3)
    path = machine / "run/tokenizer.json"
    own = path.read_text()
    path.write_text(own + " ")
    with pytest.raises(NpgptError, match=r"tokenizer.json changed since the run began"):
        resume()
    path.write_text(own)
    assert resume().is_finished


@pytest.mark.parametrize("name", versions())
def test_another_version_is_told(name, recwarn):
    begin(stop_at=3)
    record(versions={**versions(), name: "0.0"})
    with pytest.warns(NpgptWarning, match=f"was made with {name} 0.0 .now {versions()[name]}"):
        resume()


@pytest.mark.parametrize("recorded", [dict(versions()), {}, None, ["numpy"]])
def test_the_same_version_is_not(recorded):
    begin(stop_at=3)
    record(versions=recorded)
    assert resume().is_finished


# ------------------------------------------------------------------------- the text


def test_another_text_is_refused_with_both_digests(machine):
    begin(stop_at=3)
    (machine / "play.txt").write_text(TEXT + "!")
    with pytest.raises(NpgptError, match=digest(TEXT)) as caught:
        resume()
    assert f"play.txt has {digest(TEXT + '!')} now" in str(caught.value)
    assert "`data=PATH`" in str(caught.value)
    (machine / "play.txt").write_text(TEXT)
    assert resume().is_finished


def test_the_text_may_move_and_the_run_learns_where_it_is(machine):
    begin(stop_at=3)
    (machine / "play.txt").rename(machine / "moved.txt")
    (machine / "other.txt").write_text("another text\n" * 40)
    before = record()
    with pytest.raises(NpgptError, match=r"there is no play.txt: say where it is"):
        resume()
    with pytest.raises(NpgptError, match=f"SHA-256 {digest(TEXT)}, other.txt has"):
        resume(data="other.txt")
    with pytest.raises(NpgptError, match=r"nowhere.txt"):
        resume(data="nowhere.txt")
    assert record() == before
    run = resume(data="moved.txt")
    assert run.is_finished
    after = record()
    assert after["settings"]["data"] == ["moved.txt"]
    assert after["data"]["folder"] == str(machine)
    assert after["data"]["first_files"] == ["moved.txt"]
    same = ("characters", "sha256", "tokens_sha256")
    assert [after["data"][key] for key in same] == [before["data"][key] for key in same]
    assert resume().is_finished


def test_a_relative_path_is_found_from_any_folder(machine, tmp_path, monkeypatch):
    begin(stop_at=3)
    elsewhere = tmp_path / "else[where]"
    elsewhere.mkdir()
    (elsewhere / "play.txt").write_text("another play\n" * 40)
    monkeypatch.chdir(elsewhere)
    run = resume(machine / "run", data="play.txt")
    assert run.is_finished
    assert evaluate_run(run).characters == len(TEXT) - int(len(TEXT) * 0.9)
    assert record(machine / "run")["data"]["folder"] == str(machine)
    (machine / "play.txt").unlink()
    (elsewhere / "play.txt").unlink()
    with pytest.raises(NpgptError, match=f"there is no play.txt, nor {machine}/play.txt: say"):
        evaluate_run(run)


@pytest.mark.parametrize("data", ["part[1].txt", "part*", "texts", ("texts/a.txt", "part*")])
def test_globs_and_folders_are_found_from_any_folder(data, tmp_path, monkeypatch):
    home = tmp_path / "ho[m]e"
    (home / "texts").mkdir(parents=True)
    (home / "texts/a.txt").write_text(TEXT)
    (home / "part[1].txt").write_text(TEXT.upper())
    monkeypatch.chdir(home)
    begin(stop_at=3, data=data)
    monkeypatch.chdir(tmp_path)
    assert resume(home / "run").is_finished


def test_a_run_that_says_nothing_of_its_folder_is_found_from_where_it_was_started(machine):
    """Runs of npgpt 0.1 recorded neither the folder, nor files, nor what tokens there were."""
    begin(stop_at=3)
    data = record()["data"]
    record(data={"characters": data["characters"], "sha256": data["sha256"]})
    assert resume().is_finished
    (machine / "play.txt").rename(machine / "moved.txt")
    with pytest.raises(NpgptError, match=r"there is no play.txt: say where it is"):
        evaluate_run(Run.open("run"))
    assert resume(data=str(machine / "moved.txt")).is_finished
    assert "folder" not in record()["data"]
    assert evaluate_run(Run.open("run")).characters == len(TEXT) - int(len(TEXT) * 0.9)


def test_a_dataset_and_a_file_of_the_same_text_are_one(plays):
    begin(stop_at=3, data="plays")
    assert record()["parts"]["dataset"]["name"] == "plays"
    assert "folder" not in record()["data"]
    resume(data="play.txt")
    assert "dataset" not in record()["parts"]
    resume(data="plays")
    assert record()["parts"]["dataset"]["name"] == "plays"
    assert not {"folder", "files"} & record()["data"].keys()


# ---------------------------------------------------------------- weights of another run


def weights(run, step):
    return run.checkpoints.load_model(step, 10**6)["table.weight"]


def test_a_run_from_other_weights_keeps_them_and_needs_its_source_no_more(machine):
    source = begin("source")
    expected = weights(source, source.checkpoints.pointer("best"))
    whole = begin("whole", init_from="source")
    begin("run", stop_at=1, init_from="source")
    run = Run.open("run")
    assert run.checkpoints.steps() == [0]
    assert (run.checkpoints.pointer("best"), run.checkpoints.pointer("latest")) == (0, 0)
    assert np.array_equal(weights(run, 0), expected)
    shutil.rmtree("source")
    resumed = resume()
    assert np.array_equal(weights(resumed, 4), weights(whole, 4))
    assert not np.array_equal(weights(resumed, 4), expected)


def test_the_best_of_a_run_may_be_what_it_began_with():
    begin("source")
    run = begin(init_from="source", lr=1e9, grad_clip=0.0)  # nothing but worse
    first = next(event for event in run.metrics() if "val_loss" in event)
    assert run.checkpoints.pointer("best") == 0
    assert run.checkpoints.load_state(4).best.loss == first["val_loss"]
    assert np.array_equal(run.model().parameters()["table.weight"], weights(run, 0))


def test_what_a_process_that_died_before_it_pruned_left_is_pruned():
    """Also where no step follows, which would prune."""
    run = begin(keep=1)
    steps, folder = run.checkpoints.steps(), run.checkpoints.folder
    for name in ("step-000001", ".step-000004.new"):
        shutil.copytree(folder / "step-000004", folder / name)
    resume()
    assert run.checkpoints.steps() == steps
    assert not (folder / ".step-000004.new").exists()


def test_without_its_first_weights_a_run_starts_from_no_others():
    begin("source")
    begin(stop_at=1, init_from="source")
    shutil.rmtree("run/checkpoints")
    with pytest.raises(NpgptError, match="weights of source that it began with may be others"):
        resume()


def test_what_a_process_left_that_died_before_its_run_was_made_is_in_no_other_run():
    begin("source")
    begin(init_from="source", stop_at=1)
    os.remove("run/run.json")
    os.remove("run/metrics.jsonl")
    begin(stop_at=1)
    assert Run.open("run").checkpoints.steps() == []
    fresh = begin("fresh")
    assert np.array_equal(weights(resume(), 4), weights(fresh, 4))


def test_a_folder_with_later_checkpoints_is_not_free():
    begin()
    for name in ("run.json", "metrics.jsonl", "sample.txt"):
        os.remove(f"run/{name}")
    if os.path.exists("run/curves.png"):
        os.remove("run/curves.png")
    with pytest.raises(NpgptError, match="not empty"):
        begin()


def test_the_source_may_be_said_again_but_not_another(machine):
    begin("source")
    begin(stop_at=1, init_from="source")
    begin("plain", stop_at=1)
    for other in ("plain", machine / "run"):
        with pytest.raises(NpgptError, match="contradicts run, which began with those of source"):
            resume(init_from=other)
    with pytest.raises(NpgptError, match="contradicts plain, which began with fresh weights"):
        resume("plain", init_from="source")
    for same in ("source", machine / "source"):
        assert resume(init_from=same).is_finished


# -------------------------------------------------------------------- which runs there are


def _written(out, seconds):
    for path in (out, *Run.open(out).folder.rglob("*")):
        os.utime(path, (seconds, seconds))


def test_without_a_folder_the_newest_unfinished_run_goes_on(machine):
    with pytest.raises(NpgptError, match=r"no unfinished run in .*`out`"):
        resume(None)
    begin("runs/done")
    with pytest.raises(NpgptError, match="no unfinished run"):
        resume(None)
    for number, name in enumerate(("new", "old", "running"), start=1):
        begin(f"runs/{name}", stop_at=3)
        _written(f"runs/{name}", 10**9 - number * (name != "running"))
    lock, events = RunLock(machine / "runs/running"), []
    run = train(resume=True, report=events.append, preset="tiny")
    lock.close()
    assert run.folder.name == "new"
    assert events[0] == Continuing(run.folder, 1)
    assert next(event for event in events if isinstance(event, Started)).step == 2


def test_runs_are_listed_and_damaged_ones_harm_nothing(machine):
    begin("runs/done")
    begin("runs/group/half", stop_at=3)
    begin("runs/none", stop_at=1)
    begin("runs/.hidden/run", stop_at=1)
    for name, text in {"text": "{", "empty": "", "format": '{"format": 99}'}.items():
        (machine / "runs" / name).mkdir()
        (machine / "runs" / name / "run.json").write_text(text)
    (machine / "runs/link").symlink_to(machine / "runs/done", target_is_directory=True)
    (machine / "runs/loop").symlink_to(machine / "runs", target_is_directory=True)
    _written("runs/done", 10**9)
    _written("runs/group/half", 10**9 + 60)
    _written("runs/none", 2**62)
    before = {path: path.lstat().st_mtime_ns for path in (machine / "runs").rglob("*")}
    lock = RunLock(machine / "runs/group/half")
    entries = {str(entry.folder): entry for entry in list_runs(machine / "runs")}
    lock.close()
    assert {path: path.lstat().st_mtime_ns for path in before} == before | {
        machine / "runs/group/half/.lock": (machine / "runs/group/half/.lock").lstat().st_mtime_ns
    }
    states = {name.removeprefix(f"{machine}/runs/"): e.state for name, e in entries.items()}
    assert states == {
        "done": "finished",
        "group/half": "running",
        "none": "unfinished",
        "text": "damaged",
        "empty": "damaged",
        "format": "damaged",
    }
    done = entries[f"{machine}/runs/done"]
    evaluations = [e for e in Run.open("runs/done").metrics() if e.get("val_loss") and e["step"]]
    best = min(evaluations, key=lambda event: event["val_loss"])
    assert (done.step, done.steps) == (4, 4)
    assert (done.best_step, done.best_loss) == (best["step"], best["val_loss"])
    assert (done.data, done.tokenizer, done.model) == (("play.txt",), "letters", "table")
    assert (done.parameters, done.date.timestamp()) == (128 * 128, 10**9)
    none = entries[f"{machine}/runs/none"]
    assert (none.step, none.best_loss, none.best_step) == (0, None, None)
    assert "99" in entries[f"{machine}/runs/format"].reason
    with pytest.raises(NpgptError, match="cannot read the folder"):
        list_runs(machine / "nowhere")


def test_runs_are_listed_newest_first():
    for number, name in enumerate("cab"):
        begin(f"runs/{name}", stop_at=1)
        _written(f"runs/{name}", 10**9 + number)
    assert [entry.folder.name for entry in list_runs(Path("runs"))] == ["b", "a", "c"]


def test_a_run_that_vanishes_while_it_is_listed_is_damaged(monkeypatch):
    begin("runs/gone", stop_at=1)
    begin("runs/here", stop_at=1)
    open_run = Run.open

    def vanishing(folder):
        if folder.name == "gone":
            raise FileNotFoundError(2, "No such file or directory")
        return open_run(folder)

    monkeypatch.setattr(Run, "open", vanishing)
    entries = {entry.folder.name: entry for entry in list_runs(Path("runs"))}
    assert (entries["gone"].state, entries["gone"].reason) == (
        "damaged",
        "No such file or directory",
    )
    assert entries["here"].state == "unfinished"


def test_a_folder_that_may_not_be_read_is_listed_as_damaged(machine):
    begin("runs/here", stop_at=1)
    closed = machine / "runs/closed"
    closed.mkdir(mode=0)
    if os.access(closed, os.R_OK):
        pytest.skip("root may read everything")
    states = {entry.folder.name: entry.state for entry in list_runs(machine / "runs")}
    assert states == {"here": "unfinished", "closed": "damaged"}
