"""``npgpt cache``: what it prints of a cache, and what it says when it clears it."""

import json
import os

import pytest
from click.testing import CliRunner

from npgpt_cli.main import main
from npgpt_train.machine.cache import Cached


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache with a download of one mebibyte and a file of somebody else."""
    monkeypatch.setenv("NPGPT_CACHE", str(tmp_path))
    (tmp_path / "tiny-shakespeare.txt").write_bytes(b"x" * 2**20)
    os.utime(tmp_path / "tiny-shakespeare.txt", (2e9, 2e9))
    (tmp_path / "no\x1btes").write_text("mine")
    return tmp_path


def npgpt(*args):
    return CliRunner().invoke(main, ["cache", *args]).output


def test_the_cache_is_shown(cache):
    *lines, total = npgpt().splitlines()
    assert len(lines) == 2
    assert lines[0].split() == ["0.0", "MiB", "other", r"no\x1btes"]
    assert lines[1] == "      1.0 MiB  download    2033-05-18  tiny-shakespeare.txt"
    assert total == f"      1.0 MiB  in {cache}"
    shown = json.loads(npgpt("--json"))
    assert (shown["folder"], shown["bytes"]) == (str(cache), 2**20)
    assert [entry["kind"] for entry in shown["entries"]] == ["other", "download"]


def test_the_cache_is_cleared_of_downloads_only_if_asked(cache):
    assert npgpt("clear") == "left: no\\x1btes: npgpt did not make it\n0.0 MiB freed\n"
    done = json.loads(npgpt("clear", "--all", "--json"))
    assert (done["freed"], done["removed"]) == (2**20, ["tiny-shakespeare.txt"])
    assert [path.name for path in cache.iterdir()] == ["no\x1btes"]


def test_an_absurd_time_is_shown_as_none(cache, monkeypatch):
    file = Cached("tokens/name", "tokens", 1, 1e30, "about")
    monkeypatch.setattr("npgpt_train.machine.cache.cached", lambda: [file])
    assert npgpt().splitlines()[0].split()[-3:] == ["tokens", "?", "about"]
