"""Observers of the command line: by name, with options, of runs and of comparisons."""

import sys

import pytest
from click.testing import CliRunner

from npgpt_cli.main import main
from npgpt_core import registry

SMALL = ["--preset", "tiny", "--max-iters", "2", "--eval-interval", "2", "--eval-iters", "1"]
PLUGIN = """
from npgpt_core import hookimpl
@hookimpl
def npgpt_observers():
    return {"lines": "npgpt_test_observer.part:Lines", "lazy": "npgpt_test_observer.part:Lazy"}
"""
PART = '''
from npgpt_core.events import Stepped
class Lines:
    """Appends a line for each event to a file.

    Args:
        file: its path.
    """
    def __init__(self, *, file="lines.txt"):
        self.file = file
    def __call__(self, event):
        with open(self.file, "a") as file:
            print(type(event).__name__, getattr(event, "folder", ""), file=file)
class Lazy:
    """Gives up at the first step."""
    def __call__(self, event):
        if isinstance(event, Stepped):
            raise SystemExit("enough of this")
'''


@pytest.fixture(autouse=True)
def plugin(tmp_path, monkeypatch):
    """A stranger's plugin is installed beside the house's, and the current folder is empty."""
    package, info = tmp_path / "npgpt_test_observer", tmp_path / "observer_zoo-1.0.dist-info"
    package.mkdir()
    info.mkdir()
    for name, text in {"__init__": "", "_plugin": PLUGIN, "part": PART}.items():
        (package / f"{name}.py").write_text(text)
    (info / "entry_points.txt").write_text("[npgpt]\nx = npgpt_test_observer._plugin\n")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    registry.plugins.cache_clear()
    yield
    registry.plugins.cache_clear()
    for name in [name for name in sys.modules if name.startswith("npgpt_test_observer")]:
        del sys.modules[name]


@pytest.fixture
def train(npgpt, text_file):
    return lambda *args: npgpt("train", "--data", text_file, "--out", "run", *SMALL, *args)


def told(path="lines.txt"):
    with open(path) as file:
        return file.read().splitlines()


@pytest.mark.filterwarnings("default::npgpt_core.errors.NpgptWarning")
def test_one_writes_and_another_gives_up(train):
    result = train("--observe", "lines,lazy", "--set", "observer.lines.file=told.txt")
    assert result.exit_code == 0, result.output
    (warning,) = [line for line in result.output.splitlines() if "observer" in line]
    assert "observer 'lazy' of observer-zoo 1.0 failed and gets no more events" in warning
    assert "SystemExit: enough of this (part.py, line " in warning
    names = [line.split()[0] for line in told("told.txt") if not line.startswith("Preparing")]
    assert names[0] == "Started"
    assert names[-4:] == ["Stepped", "Evaluated", "Checkpointed", "Finished"]


def test_what_is_not_named_is_not_imported(train):
    assert train().exit_code == 0
    assert "npgpt_test_observer._plugin" in sys.modules
    assert "npgpt_test_observer.part" not in sys.modules


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--observe", "lines,line"], "unknown observer 'line', did you mean lines?"),
        (["--observe", "lines", "--set", "observer.lines.size=3"], "it takes file"),
        (["--set", "observer.lines.file=x"], "is not named: add --observe lines"),
        (["--set", "observer.file=x"], "schedule, model, observer.NAME, such as tokenizer."),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(train, args, message, tmp_path):
    result = train(*args)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert message in result.output
    assert not list((tmp_path / "here").iterdir())


def test_all_runs_of_a_comparison_are_observed(npgpt, text_file):
    args = ["compare", "--data", text_file, "--out", "all", "--seeds", "2", *SMALL]
    result = npgpt(*args, "--observe", "lines", "--set", "observer.lines.file=told.txt")
    assert result.exit_code == 0, result.output
    starts = [line for line in told("told.txt") if line.startswith("Started")]
    assert len(set(starts)) == 2
    assert all("all/runs/" in line for line in starts)


def test_names_after_a_comma_are_completed():
    words = {"COMP_WORDS": "npgpt train --observe lazy,l", "COMP_CWORD": "3"}
    result = CliRunner().invoke(
        main, [], env={**words, "_NPGPT_COMPLETE": "bash_complete"}, prog_name="npgpt"
    )
    assert result.output.split() == ["plain,lazy,lazy", "plain,lazy,lines"]
