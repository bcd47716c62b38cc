"""Packages of third parties, made by ``npgpt plugins new`` or by hand: pip installs them, and all
their tests pass at once.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from npgpt_core.plugins.kinds import KINDS

EXAMPLES = Path(__file__).parents[1] / "examples/plugins"
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
        if (example / "pyproject.toml").is_file():
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


@pytest.mark.parametrize("name", [*KINDS, "npgpt-byte-fallback", "npgpt-lion-wsd"])
def test_its_own_tests_pass(packages, site, name):
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
    env = {"PYTHONPATH": str(site), "NPGPT_CACHE": str(cache)}
    done = npgpt("train", "--out", out, *SMALL, *flags, *data, **env)
    assert done.returncode == 0, done.stderr
    recorded = json.loads((out / "run.json").read_text())["parts"]
    assert {kind: part["name"] for kind, part in recorded.items()} == {
        name: f"my-{name}-x" for name, kind in KINDS.items() if kind.recorded
    }
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
