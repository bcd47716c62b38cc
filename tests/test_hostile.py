"""Links, pipes and folders planted at every path that a run, a comparison or the cache has.

Whatever is planted: nothing outside changes, nothing hangs, and what goes wrong is one line.
"""

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from npgpt_cli.main import main

SMALL = ["--preset", "tiny", "--max-iters", "4", "--eval-interval", "2", "--eval-iters", "1"]
SECONDS = 60  # for any command here; each takes one or two
PLANTS = ("live link", "dangling link", "pipe", "other kind")

RUN = [
    *("run.json", "tokenizer.json", "metrics.jsonl", "latest", "best", ".lock"),
    *("curves.png", "sample.txt", "checkpoints", "checkpoints/step-000004"),
    *("checkpoints/step-000004/model.safetensors", "checkpoints/step-000004/state.json"),
    *(".run.json.new", ".metrics.jsonl.new", ".latest.new", ".curves.png.new", ".sample.txt.new"),
    *("checkpoints/.step-000005.new", "checkpoints/.step-000002.old", "checkpoints/.step-9"),
]
COMPARISON = [
    *("report.json", "report.md", "report.html", "figures", "figures/all.svg", "figures/char.svg"),
    *("runs", "runs/char", "runs/char/checkpoints", "runs/char/run.json"),
    *(".report.json.new", ".report.md.new", "figures/.all.svg.new"),
]
CACHE = ["tokens", "tokens/KEY", "tokens/KEY/train.bin", "tokens/KEY/tokens.json"]

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here"),
]


@contextmanager
def _in_time():
    """A ``with`` block that fails where it hangs."""

    def late(number, frame):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _command(*args):
    """Run the command: it is done, or it says in one line why not."""
    with _in_time():
        result = CliRunner().invoke(main, [str(a) for a in args])
    assert result.exception is None or isinstance(result.exception, SystemExit), (args, result)
    assert result.exit_code in (0, 2), result.output
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == (result.exit_code == 2), result.stderr
    return result


def _content(folder: Path):
    """Everything below a folder, with the time of its last change."""
    found = {}
    for path in sorted(folder.rglob("*")):
        info = path.lstat()
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        found[str(path.relative_to(folder))] = (info.st_mode, info.st_mtime_ns, info.st_ino, data)
    return found


def _plant(path: Path, plant: str, outside: Path):
    """Put something else where ``path`` is, or would be; what was there goes outside."""
    was_folder = path.is_dir() or path.name.startswith(".step")
    outside.mkdir()
    (outside / "file").write_text("precious")
    (outside / "folder" / ".step-000001.new").mkdir(parents=True)
    (outside / "folder" / ".step-000001.new" / "file").write_text("precious")
    target = outside / ("folder" if was_folder else "file")
    if os.path.lexists(path):
        target = outside / "original"
        shutil.move(path, target)
    path.parent.mkdir(exist_ok=True)
    if plant == "pipe":
        os.mkfifo(path)
    elif plant == "live link":
        path.symlink_to(target)
    elif plant == "dangling link":
        path.symlink_to(outside / "new")
    elif was_folder:
        path.write_text("a file")
    else:
        path.mkdir()


@pytest.fixture(scope="module")
def made(tmp_path_factory, play):
    """A text, a finished run and a comparison, and the cache of both."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "play.txt").write_text(play)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NPGPT_CACHE", str(folder / "cache"))
        data = ("--data", folder / "play.txt", *SMALL)
        assert _command("train", *data, "--out", folder / "run").exit_code == 0
        compared = _command("compare", "--tokenizers", "char", *data, "--out", folder / "compared")
        assert compared.exit_code == 0, compared.output
    return folder


@pytest.fixture
def place(made, tmp_path, monkeypatch):
    """A copy of all that, to plant something in."""
    shutil.copytree(made, tmp_path / "made")
    monkeypatch.setenv("NPGPT_CACHE", str(tmp_path / "made" / "cache"))
    return tmp_path / "made"


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("name", RUN)
def test_a_planted_run_reaches_nothing_outside(name, plant, place, tmp_path):
    run, outside = place / "run", tmp_path / "outside"
    _plant(run / name, plant, outside)
    before = _content(outside)
    _command("generate", run, "--max-new-tokens", 2)
    _command("plot", run)
    _command("evaluate", run)
    _command("explain", "step", run)
    _command("tokenize", run, "the king")
    _command("train", "--resume", "--out", run, "--max-iters", 5)
    assert _content(outside) == before


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("name", COMPARISON)
def test_a_planted_comparison_reaches_nothing_outside(name, plant, made, place, tmp_path):
    outside = tmp_path / "outside"
    _plant(place / "compared" / name, plant, outside)
    before = _content(outside)
    data = ("--data", made / "play.txt", *SMALL)
    _command("compare", "--tokenizers", "char", *data, "--out", place / "compared")
    assert _content(outside) == before


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("name", CACHE)
def test_a_planted_cache_reaches_nothing_outside(name, plant, made, place, tmp_path):
    cache, outside = place / "cache", tmp_path / "outside"
    key = next((cache / "tokens").iterdir()).name
    _plant(cache / name.replace("KEY", key), plant, outside)
    before = _content(outside)
    _command("evaluate", made / "run")
    _command("cache")
    assert _content(outside) == before


@pytest.mark.parametrize("name", ["picture.png", "folder/picture.png"])
@pytest.mark.parametrize("plant", PLANTS)
def test_a_picture_is_drawn_through_nothing_planted_in_a_run(name, plant, place, tmp_path):
    run, outside = place / "run", tmp_path / "outside"
    if "/" in name:
        (run / "folder").mkdir()
    _plant((run / name).parent if "/" in name else run / name, plant, outside)
    before = _content(outside)
    _command("plot", run, "--out", run / name)
    _command("explain", "attention", run, "the king", "--out", run / name)
    assert _content(outside) == before


# ------------------------------------------------------------------- whatever is drawn

HARNESS = Path(__file__).parent / "hostile"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the harness needs Linux")


@LINUX
def test_a_few_dozen_cases_of_the_harness_find_nothing():
    """``python tests/hostile`` tries as many as there is time for."""
    command = [sys.executable, HARNESS, "--first", "100", "--cases", "40", "--minutes", "10"]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert json.loads(result.stdout.splitlines()[-1])["cases"] == 40


@pytest.fixture
def harness(monkeypatch):
    """What imports a module of the harness by its name."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(HARNESS)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(HARNESS) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@LINUX
def test_the_harness_sees_every_change_but_where_one_is_allowed(harness, tmp_path):
    digest = harness("place").digest
    for name in ("a/file", "b/file", "shut/file"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("precious")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "shut").chmod(0)
    before = digest(tmp_path, ["b"])
    assert set(before) == {".", "a", "a/file", "link", "shut", "shut/file"}

    def changed():
        now = digest(tmp_path, ["b"])
        return {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}

    (tmp_path / "b" / "file").write_text("changed")
    assert changed() == set()
    info = (tmp_path / "a" / "file").stat()
    (tmp_path / "a" / "file").write_text("Precious")
    os.utime(tmp_path / "a" / "file", ns=(info.st_atime_ns, info.st_mtime_ns))
    assert changed() == {"a/file"}
    (tmp_path / "a").chmod(0o700)
    (tmp_path / "link").unlink()
    (tmp_path / "new").touch()
    assert changed() == {"a", "a/file", "link", "new"}
    (tmp_path / "shut").chmod(0o700)


@LINUX
@pytest.mark.parametrize(
    ("code", "errors", "state", "found"),
    [
        (2, "Error: no", {}, None),
        (2, "Usage: npgpt\n\nError: no", {}, None),
        (2, "", {}, "an error of 0 lines"),
        (2, "Error: no\nError: no", {}, "an error of 2 lines"),
        (0, "Error: no", {}, "an error in vain"),
        (1, "", {}, "exit code 1"),
        (1, "", {"stdout": "full"}, None),
        (1, "Error: no", {"stderr": "full"}, "exit code 1"),
        (-11, "", {}, "exit code -11"),
        (143, "", {"signals": [(0, 15)]}, None),
        (143, "", {"signals": [(0, 2)]}, "exit code 143"),
        (2, "Error: no\nTraceback (most recent call last):\nOSError: no", {}, "Traceback"),
    ],
)
def test_the_harness_judges_how_a_command_ended(code, errors, state, found, harness):
    case = harness("cases").Case(0, ["evaluate", "run"], state=state)
    findings = list(harness("judging").judge(case, code, "", errors, ""))
    assert len(findings) == bool(found)
    assert not found or found in findings[0]
