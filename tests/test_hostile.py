"""Links, pipes and folders planted at every path that a run, a comparison or the cache has.

Whatever is planted: nothing outside changes, nothing hangs, and what goes wrong is one line.
"""

import os
import shutil
import signal
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
