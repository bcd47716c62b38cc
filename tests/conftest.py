"""What tests across packages share: a cache of their own, a small text, and the command."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from advice import require_known_options
from click.testing import CliRunner, Result

from npgpt_cli.main import main

SMALL = ["--preset", "tiny", "--max-iters", "4", "--eval-interval", "2", "--eval-iters", "1"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NPGPT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def play() -> str:
    """A play of made-up verse, 20,000 characters."""
    rng = random.Random(0)
    subjects = ["the king", "my queen", "thy love", "a night"]
    verbs = ["speaks", "sings", "sleeps", "wakes"]
    lines: list[str] = []
    while sum(map(len, lines)) < 20_000:
        lines.append(rng.choice(["HAMLET", "OPHELIA"]) + ":")
        verse = f"{rng.choice(subjects)} {rng.choice(verbs)} with {rng.choice(subjects)}.\n"
        lines.append(verse.capitalize())
    return "\n".join(lines)


@pytest.fixture
def text_file(tmp_path: Path, play: str) -> Path:
    """The play as a file."""
    path = tmp_path / "play.txt"
    path.write_text(play, encoding="utf-8")
    return path


@pytest.fixture
def npgpt() -> Callable[..., Result]:
    """Run the command in this process; what it advises is an option that there is."""

    def run(*args: object, stdin: bytes | None = None) -> Result:
        words = [str(arg) for arg in args]
        result = CliRunner().invoke(main, words, input=stdin)
        require_known_options(words, result.stderr)
        return result

    return run


@pytest.fixture
def small_run(npgpt: Callable[..., Result], text_file: Path, tmp_path: Path) -> Path:
    """A finished run of a few steps."""
    out = tmp_path / "run"
    result = npgpt("train", "--data", text_file, "--out", out, *SMALL)
    assert result.exit_code == 0, result.output
    return out
