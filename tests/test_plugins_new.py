"""Packages of third parties, made by ``npgpt plugins new`` or by hand: pip installs them, and all
their tests pass at once.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from npgpt_core.plugins.kinds import KINDS

NEEDS = {"npgpt-tensorboard": "tensorboardX"}
"""Example -> what it needs, which need not be installed here."""
EXAMPLES = Path(__file__).parents[1] / "examples/plugins"
READ_CURVES = """
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
found = EventAccumulator(sys.argv[1]).Reload()
curves = {tag: [(e.step, e.value) for e in found.Scalars(tag)] for tag in found.Tags()["scalars"]}
sample = found.Tensors("sample/text_summary")[-1].tensor_proto.string_val[0].decode()
print(json.dumps([curves, sample]))
"""
SMALL = ["--preset", "tiny", "--max-iters", "3", "--eval-interval", "3", "--eval-iters", "1"]


def npgpt(*args, **environment):
    return subprocess.run(
        [Path(sys.executable).with_name("npgpt"), *map(str, args)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """Kind or example -> the source folder of its package."""
    folder = tmp_path_factory.mktemp("packages")
    for kind in KINDS:
        done = npgpt("plugins", "new", kind, f"my-{kind}-x", "--out", folder / kind)
        assert done.returncode == 0, done.stderr
    for example in EXAMPLES.iterdir():
        needed = importlib.util.find_spec(NEEDS.get(example.name, "npgpt_core"))
        if needed and (example / "pyproject.toml").is_file():
            shutil.copytree(example, folder / example.name)  # building leaves nothing behind
    return {path.name: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def site(packages, tmp_path_factory):
    """The folder into which pip installed them all."""
    site = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if importlib.util.find_spec("hatchling"):
        pip += ["--no-build-isolation", "--no-index"]
    where = ["--no-deps", "--no-compile", "--target", site]
    done = subprocess.run(
        [*pip, *where, *packages.values()], capture_output=True, text=True, check=False
    )
    if done.returncode and not importlib.util.find_spec("hatchling"):
        pytest.skip(f"pip cannot fetch hatchling: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stderr
    return site


@pytest.mark.parametrize("name", [*KINDS, *sorted(path.name for path in EXAMPLES.glob("npgpt-*"))])
def test_its_own_tests_pass(packages, site, name):
    if name not in packages:
        pytest.skip(f"{NEEDS[name]} is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"],
        cwd=packages[name],
        env={**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


def test_all_are_sound(site):
    done = npgpt("plugins", "--check", "--json", PYTHONPATH=str(site))
    assert done.returncode == 0, done.stdout
    found = {plugin["distribution"]: plugin for plugin in json.loads(done.stdout)}
    for kind in KINDS:
        plugin = found[f"npgpt-my-{kind}-x"]
        assert plugin["status"] == "ok", plugin["reason"]
        assert [(part["kind"], part["name"]) for part in plugin["provides"]] == [
            (kind, f"my-{kind}-x")
        ]
    names = {part["name"] for plugin in found.values() for part in plugin["provides"]}
    assert {"bpe-byte-fallback", "lion", "wsd"} <= names


def test_training_with_all_of_them(site, tmp_path, cache):
    out = tmp_path / "run"
    parts = {kind: f"my-{kind}-x" for kind in ("tokenizer", "schedule", "model")}
    flags = [word for kind, name in parts.items() for word in (f"--{kind}", name)]
    data = ["--data", "my-dataset-x", "--optim", "my-optimizer-x"]
    data += ["--observe", "my-observer-x", "--set", "observer.my-observer-x.digits=1"]
    env = {"PYTHONPATH": str(site), "NPGPT_CACHE": str(cache)}
    done = npgpt("train", "--out", out, *SMALL, *flags, *data, **env)
    assert done.returncode == 0, done.stderr
    recorded = json.loads((out / "run.json").read_text())["parts"]
    assert {kind: part["name"] for kind, part in recorded.items()} == {
        name: f"my-{name}-x" for name, kind in KINDS.items() if kind.recorded
    }
    rows = (out / "losses.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["step", "0", "3"]
    assert re.fullmatch(r"3,\d\.\d,\d\.\d", rows[-1])
    done = npgpt("my-command-x", out, "--last", "1", **env)
    assert done.stdout.splitlines()[1].startswith("step      3  validation loss ")


def test_training_with_the_examples(site, tmp_path, cache, text_file):
    out = tmp_path / "run"
    flags = [
        "--tokenizer",
        "bpe-byte-fallback",
        "--optim",
        "lion",
        "--schedule",
        "wsd",
        "--lr",
        "1e-4",
    ]
    env = {"PYTHONPATH": str(site), "NPGPT_CACHE": str(cache)}
    args = ["--out", out, "--data", text_file, *SMALL, *flags]
    done = npgpt("train", *args, **env)
    assert done.returncode == 0, done.stderr
    ids = npgpt("tokenize", out, "naïve \U0001f600", **env).stdout
    assert npgpt("tokenize", out, ids, "--decode", **env).stdout == "naïve \U0001f600\n"
    shown = " ".join(npgpt("plugins", "show", "bpe-byte-fallback", **env).stdout.split())
    assert "character_coverage: float = 0.9995" in shown
    assert "Share of the training text that the alphabet makes up" in shown


def test_tensorboard_reads_what_an_observed_run_wrote(site, tmp_path, cache, text_file):
    pytest.importorskip("tensorboardX", reason="the observer writes with it")
    pytest.importorskip("tensorboard", reason="only its own reader can tell")
    env = {"PYTHONPATH": str(site), "NPGPT_CACHE": str(cache)}
    out = tmp_path / "run"
    args = ["train", "--out", out, "--observe", "tensorboard"]
    for more in (["--data", text_file, *SMALL], ["--resume", "--max-iters", "4"]):
        done = npgpt(*args, *more, **env)
        assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    command = [sys.executable, "-c", READ_CURVES, str(out / "tensorboard")]
    read = subprocess.run(command, capture_output=True, text=True, check=True)
    curves, sample = json.loads(read.stdout)
    for group, name in (("step", "loss"), ("step", "lr"), ("evaluation", "val_loss")):
        expected = [(line["step"], line[name]) for line in lines if name in line]
        assert [tuple(point) for point in curves[f"{group}/{name}"]] == [
            (step, pytest.approx(value, rel=1e-6)) for step, value in expected
        ]
    assert [line[4:] for line in sample.split("\n")] == (out / "sample.txt").read_text().split("\n")
