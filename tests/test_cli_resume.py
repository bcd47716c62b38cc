"""Going on with a run through the command line, from any folder, and the list of runs."""

import json
import os
import shutil

import pytest

from npgpt_cli.show.runs import COLUMNS
from npgpt_train.run.folder import Run

SMALL = ["--preset", "tiny", "--max-iters", "4", "--eval-interval", "2", "--eval-iters", "1"]


@pytest.fixture
def home(tmp_path, text_file, monkeypatch):
    """The current folder, with a text in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _cut(run):
    """Take away what came after the first checkpoint."""
    shutil.rmtree(run / "checkpoints/step-000004")
    (run / "sample.txt").unlink()
    (run / "latest").write_text("step-000002\n")


def test_the_same_command_line_works_with_resume_appended(npgpt, home):
    (home / "run.toml").write_text('preset = "tiny"\nlr = 0.01\n[tokenizer]\nname = "word"\n')
    first = ["train", "--data", "play.txt", "--out", "first", *SMALL]
    assert npgpt(*first).exit_code == 0
    command = ["train", "--data", "play.txt", "--config", "run.toml", *SMALL[2:], "--workers", "0"]
    tuned = ["train", "--data", "play.txt", "--init-from", "first", *SMALL, "--out", "tuned"]
    for each, run in ((command, "runs/play-word-1"), (tuned, "tuned")):
        begun = npgpt(*each)
        assert begun.exit_code == 0, begun.output
        _cut(home / run)
        resumed = npgpt(*each, "--resume")
        assert resumed.exit_code == 0, resumed.output
        assert "resuming at step 2 of 4" in resumed.output
    (home / "run.toml").write_text('lr = 0.02\n[tokenizer]\nname = "word"\n')
    refused = npgpt(*command, "--resume", "--out", "runs/play-word-1")
    assert refused.exit_code == 2
    assert "lr = 0.02 contradicts runs/play-word-1" in refused.output


def test_resume_alone_says_which_run_goes_on(npgpt, home):
    for number in (1, 2, 3):
        assert npgpt("train", "--data", "play.txt", *SMALL).exit_code == 0
        os.utime(home / f"runs/play-char-{number}", (2**31 + number, 2**31 + number))
    for number in (1, 2):
        _cut(home / f"runs/play-char-{number}")
        os.utime(home / f"runs/play-char-{number}", (2**31 + number, 2**31 + number))
    result = npgpt("train", "--resume")
    assert result.exit_code == 0, result.output
    expected = "continuing runs/play-char-2, the newest unfinished run; --out names one of 1 others"
    assert result.output.splitlines()[0] == expected
    assert Run.open(home / "runs/play-char-2").is_finished
    again = npgpt("train", "--resume").output.splitlines()
    assert again[0] == "continuing runs/play-char-1, the newest unfinished run"
    none = npgpt("train", "--resume")
    assert none.exit_code == 2
    assert "there is no unfinished run in" in none.output


def test_a_run_is_evaluated_and_resumed_from_any_folder(npgpt, home, monkeypatch):
    assert npgpt("train", "--data", "play.txt", "--out", "run", *SMALL).exit_code == 0
    here = npgpt("evaluate", "run", "--json").output
    (home / "elsewhere").mkdir()
    monkeypatch.chdir(home / "elsewhere")
    assert npgpt("evaluate", "../run", "--json").output == here
    (home / "play.txt").rename(home / "moved play.txt")
    lost = npgpt("evaluate", "../run")
    assert lost.exit_code == 2
    assert "is not found" in lost.output
    assert "train with --resume --out ../run --data PATH" in lost.output
    named = npgpt("train", "--resume", "--out", "../run", "--data", "../moved play.txt")
    assert named.exit_code == 0, named.output
    assert npgpt("evaluate", "../run", "--json").output == here


def test_runs_are_listed_for_people_and_programs(npgpt, home):
    assert npgpt("runs").exit_code == 2
    (home / "runs").mkdir()
    assert npgpt("runs").output == "there are no runs below runs\n"
    assert npgpt("runs", "--json").output == "[]\n"
    assert npgpt("train", "--data", "play.txt", *SMALL).exit_code == 0
    hostile = home / "runs/\x1b[31m\nred"
    hostile.mkdir()
    (hostile / "run.json").write_text('{"format": "\\u001b[2J"}')
    listed = npgpt("runs").output
    assert "\x1b" not in listed
    heading, *lines = listed.splitlines()
    assert heading.split() == " ".join(COLUMNS).split()
    assert len(lines) == 3
    assert lines[-1].startswith(r"runs/\x1b[31m\nred: ")
    [line] = [line for line in lines if line.startswith("runs/play-char-1 ")]
    record = json.loads(npgpt("runs", "--json", home / "runs").output)
    own = next(entry for entry in record if entry["state"] == "finished")
    best = f"{own['best_loss']:.4f} at {own['best_step']}"
    assert line.split()[1:-2] == f"finished 4 of 4 {best} play.txt char gpt".split()
    assert (own["step"], own["steps"], own["data"]) == (4, 4, ["play.txt"])
    assert {entry["state"] for entry in record} == {"finished", "damaged"}


def test_the_list_of_runs_is_whole_on_a_narrow_terminal(npgpt, home, monkeypatch):
    assert npgpt("train", "--data", "play.txt", *SMALL).exit_code == 0
    monkeypatch.setattr("npgpt_cli.show.console.is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    listed = npgpt("runs").output
    assert "…" not in listed
    assert max(map(len, listed.splitlines())) <= 80
    assert "finished  4 of 4" in listed
