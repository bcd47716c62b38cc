"""The cache: it knows what is its own, and clears that alone."""

import os
import shutil
import sys

import pytest

from npgpt_core.errors import NpgptError
from npgpt_train.machine import cache as cache_module
from npgpt_train.machine.cache import cache_dir, cached, clear
from npgpt_train.machine.lock import RunLock
from npgpt_train.text.corpus import Corpus
from npgpt_train.text.token_file import token_files

KEY, RANDOM = "a" * 64 + "-" + "b" * 16, "c" * 32


class Text:
    def texts(self):
        return iter(["To be, or not to be"])


class CodePoints:
    vocab_size = 300

    def state(self):
        return {}

    def encode(self, text):
        return [ord(character) % 300 for character in text]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NPGPT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def full(cache):
    """Tokens, what a killed process left, a download, and what is not npgpt's."""
    tokens = token_files(Corpus(Text()), CodePoints(), "origin")
    (cache / "tokens" / f"{KEY}.{RANDOM}" / "entry").mkdir(parents=True)
    (cache / "tokens" / f"{KEY}.{RANDOM}" / "entry" / "train.bin").write_bytes(b"1234")
    (cache / "tiny-shakespeare.txt").write_text("First Citizen:")
    (cache / "notes.txt").write_text("mine")
    (cache / "tokens" / "notes.txt").write_text("mine")
    return tokens.path


def tree(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_the_cache_is_where_the_user_says(cache):
    assert cache_dir() == cache


@pytest.mark.parametrize(
    ("platform", "variable", "otherwise"),
    [
        ("linux", "XDG_CACHE_HOME", "home/.cache/npgpt"),
        ("win32", "LOCALAPPDATA", "home/AppData/Local/npgpt"),
        ("darwin", None, "home/Library/Caches/npgpt"),
    ],
)
def test_the_cache_is_where_the_platform_says(tmp_path, monkeypatch, platform, variable, otherwise):
    monkeypatch.delenv("NPGPT_CACHE", raising=False)
    monkeypatch.setattr(cache_module.sys, "platform", platform)
    monkeypatch.setattr(cache_module.Path, "home", lambda: tmp_path / "home")
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "caches"))
        assert cache_dir() == tmp_path / "caches" / "npgpt"
        monkeypatch.delenv(variable)
    assert cache_dir() == tmp_path / otherwise


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch):
    def homeless():
        raise RuntimeError("no home")

    monkeypatch.delenv("NPGPT_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(cache_module.sys, "platform", "linux")
    monkeypatch.setattr(cache_module.Path, "home", homeless)
    with pytest.raises(NpgptError, match="set NPGPT_CACHE"):
        cache_dir()


def test_without_a_cache_there_is_nothing(cache):
    assert cached() == []
    assert clear().freed == 0
    assert not cache.exists()


def test_it_says_what_is_there(full):
    found = {item.name: item for item in cached()}
    assert {name: item.kind for name, item in found.items()} == {
        "notes.txt": "other",
        "tiny-shakespeare.txt": "download",
        "tokens/notes.txt": "other",
        f"tokens/{full.name}": "tokens",
        f"tokens/{KEY}.{RANDOM}": "unfinished",
    }
    tokens = found[f"tokens/{full.name}"]
    assert tokens.size == sum(path.stat().st_size for path in full.iterdir())
    assert tokens.about.startswith("CodePoints of 300 ids, 19 characters with SHA-256 ")
    assert tokens.used == pytest.approx((full / "train.bin").stat().st_mtime, abs=60)
    assert (found["notes.txt"].size, found["notes.txt"].used) == (0, 0)
    assert found["tiny-shakespeare.txt"].size == 14


def test_an_entry_that_says_nothing_of_itself(full):
    (full / "tokens.json").write_text("[")
    (item,) = (item for item in cached() if item.kind == "tokens")
    assert item.about == "damaged"
    (full / "tokens.json").write_text('{"about": "' + "long " * 1000 + '"}')
    (item,) = (item for item in cached() if item.kind == "tokens")
    assert len(item.about) == 200


def test_when_tokens_were_last_read(full):
    os.utime(full / "train.bin", (2e9, 1e9))
    (item,) = (item for item in cached() if item.kind == "tokens")
    assert item.used == 2e9


def test_clearing_deletes_what_is_its_own_and_frees_what_it_says(cache, full):
    sizes = {item.kind: item.size for item in cached()}
    done = clear()
    assert tree(cache) == {"notes.txt", "tiny-shakespeare.txt", "tokens", "tokens/notes.txt"}
    assert done.freed == sizes["tokens"] + sizes["unfinished"]
    assert sorted(done.removed) == sorted([f"tokens/{full.name}", f"tokens/{KEY}.{RANDOM}"])
    assert set(done.left) == {"notes.txt", "tokens/notes.txt"}
    assert clear(downloads=True).removed == ["tiny-shakespeare.txt"]
    assert token_files(Corpus(Text()), CodePoints(), "origin").path == full


@pytest.mark.skipif(sys.platform == "win32", reason="what is open cannot be deleted here")
def test_a_process_that_has_the_tokens_open_goes_on(full):
    tokens = token_files(Corpus(Text()), CodePoints(), "origin")
    clear()
    assert tokens.train.tolist() == CodePoints().encode("To be, or not to ")


def test_what_another_process_is_writing_stays(cache, full):
    scratch = cache / "tokens" / f"{KEY}.{RANDOM}"
    lock = RunLock(scratch, "written")
    try:
        done = clear()
    finally:
        lock.close()
    assert "is being written by process" in done.left[f"tokens/{scratch.name}"]
    assert (scratch / "entry" / "train.bin").read_bytes() == b"1234"
    assert clear().removed == [f"tokens/{scratch.name}"]


def test_tokens_that_are_being_encoded_stay(cache):
    seen = []
    token_files(
        Corpus(Text()), CodePoints(), "origin", on_progress=lambda done: seen.append(clear())
    )
    assert all("is being written" in reason for done in seen for reason in done.left.values())
    assert seen[0].left


def plant_file(entry, outside):
    (entry / "mine.txt").write_text("mine")


def plant_folder(entry, outside):
    (entry / "mine").mkdir()
    (entry / "mine" / "train.bin").write_text("mine")


def plant_link(entry, outside):
    (entry / "val.bin").unlink()
    (entry / "val.bin").symlink_to(outside / "precious.txt")


def replace_by_link(entry, outside):
    shutil.rmtree(entry)
    entry.symlink_to(outside)


def replace_by_file(entry, outside):
    shutil.rmtree(entry)
    entry.write_text("mine")


@pytest.mark.once
@pytest.mark.parametrize(
    "plant", [plant_file, plant_folder, plant_link, replace_by_link, replace_by_file]
)
@pytest.mark.parametrize("unfinished", [False, True])
def test_what_looks_like_tokens_and_holds_anything_else_stays(cache, tmp_path, plant, unfinished):
    entry = token_files(Corpus(Text()), CodePoints(), "origin").path
    if unfinished:
        entry = entry.rename(entry.with_name(f"{KEY}.{RANDOM}"))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious.txt").write_text("precious")
    plant(entry, outside)
    before = tree(cache)
    assert [item.kind for item in cached()] == ["other"]
    assert clear(downloads=True).left == {f"tokens/{entry.name}": "npgpt did not make it"}
    assert tree(cache) == before
    assert (outside / "precious.txt").read_text() == "precious"


@pytest.mark.once
def test_a_cache_that_is_something_else_is_refused(cache, tmp_path):
    cache.write_text("a file")
    for use in (cached, clear):
        with pytest.raises(NpgptError, match="is no folder"):
            use()
    cache.unlink()
    cache.mkdir()
    (cache / "tokens").symlink_to(tmp_path)
    for use in (cached, clear):
        with pytest.raises(NpgptError, match="is a link"):
            use()


def test_what_cannot_be_deleted_is_told(cache, full, monkeypatch):
    def refuse(*args):
        raise PermissionError(13, "it is open in another process")

    monkeypatch.setattr(cache_module.Folder, "rename", refuse)
    done = clear()
    assert "it is open in another process" in done.left[f"tokens/{full.name}"]
    assert full.exists()
