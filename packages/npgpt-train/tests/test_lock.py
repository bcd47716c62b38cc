"""The lock of a run: one holder, who is named, and nothing left of it when it lets go."""

import json
import os
import socket

import pytest

from npgpt_core.errors import NpgptError
from npgpt_train.machine import lock
from npgpt_train.machine.lock import NAME, RunLock, is_held

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(lock.time, "sleep", lambda seconds: None)


def test_a_second_holder_is_refused_with_the_name_of_the_first(tmp_path):
    first = RunLock(tmp_path)
    who = f"process {os.getpid()} on {socket.gethostname()!r}"
    with pytest.raises(NpgptError, match=f"is being trained by {who}: wait for it, or stop it"):
        RunLock(tmp_path)
    with pytest.raises(NpgptError, match="is being compared by"):
        RunLock(tmp_path, "compared")
    first.close()
    RunLock(tmp_path).close()


def test_it_is_held_until_it_is_let_go_and_asking_changes_nothing(tmp_path):
    assert not is_held(tmp_path)
    assert os.listdir(tmp_path) == []
    held = RunLock(tmp_path)
    before = (tmp_path / NAME).read_bytes()
    assert is_held(tmp_path)
    assert is_held(tmp_path)
    held.close()
    assert not is_held(tmp_path)
    assert (tmp_path / NAME).read_bytes() == before
    assert json.loads(before) == {"pid": os.getpid(), "host": socket.gethostname()}


def test_letting_go_twice_closes_nothing_that_others_opened(tmp_path):
    held = RunLock(tmp_path)
    held.close()
    others = [os.open(tmp_path / NAME, os.O_RDONLY) for _ in range(2)]
    standard = [os.fstat(descriptor).st_ino for descriptor in (0, 1, 2)]
    held.close()
    held.close()
    assert [os.fstat(descriptor).st_ino for descriptor in (0, 1, 2)] == standard
    for descriptor in others:
        os.close(descriptor)


@pytest.mark.parametrize("there", [0, 1, 2])
def test_discarding_deletes_what_was_made_for_the_lock_and_nothing_else(there, tmp_path):
    folders = [tmp_path / "made", tmp_path / "made/too"]
    for folder in folders[:there]:
        folder.mkdir()
    held = RunLock(folders[-1])
    held.discard()
    assert [folder.exists() for folder in folders] == [number < there for number in range(2)]
    next_one = RunLock(folders[-1])
    held.discard()
    assert is_held(folders[-1])
    (folders[-1] / "kept").touch()
    next_one.discard()
    assert os.listdir(folders[-1]) == ["kept"]


def test_a_lock_that_was_there_stays(tmp_path):
    RunLock(tmp_path).close()
    RunLock(tmp_path).discard()
    assert os.listdir(tmp_path) == [NAME]


def test_who_opened_a_lock_that_was_discarded_holds_none(tmp_path, monkeypatch):
    """Its file has no name any more, so the next one would lock another."""
    first = RunLock(tmp_path)
    monkeypatch.setattr(lock.time, "sleep", lambda seconds: first.discard())
    with pytest.raises(NpgptError, match="is being trained by"):
        RunLock(tmp_path)
    RunLock(tmp_path).close()


@pytest.mark.parametrize(("moments", "free"), [(1, True), (2, True), (3, False)])
def test_a_lock_that_is_free_after_a_moment_is_waited_for(moments, free, tmp_path, monkeypatch):
    """As long as another process asks whether it is held, it is not free."""
    asking, slept = RunLock(tmp_path), []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == moments:
            asking.close()

    monkeypatch.setattr(lock.time, "sleep", sleep)
    if free:
        RunLock(tmp_path).close()
    else:
        with pytest.raises(NpgptError, match="wait for it"):
            RunLock(tmp_path)
    assert len(slept) == min(moments, 2)
    assert 0 < sum(slept) < 1
    asking.close()


@pytest.mark.parametrize("text", ["", " ", " {", " []", ' {"pid": 1}', ' {"pid": "x", "host": ""}'])
def test_a_holder_that_says_nothing_is_another_process(text, tmp_path):
    held = RunLock(tmp_path)
    (tmp_path / NAME).write_text(text)
    with pytest.raises(NpgptError, match="by another process"):
        RunLock(tmp_path)
    held.close()


def test_the_name_of_a_holder_is_printed_harmless_and_short(tmp_path):
    held = RunLock(tmp_path)
    (tmp_path / NAME).write_text(" " + json.dumps({"pid": 7, "host": "\x1b[2J" + "h" * 500}))
    with pytest.raises(NpgptError, match=r"process 7 on '\\x1b") as caught:
        RunLock(tmp_path)
    assert len(str(caught.value)) < 300 + len(str(tmp_path))
    held.close()


def test_where_there_are_no_locks_that_is_told_and_work_goes_on(tmp_path, monkeypatch):
    def refuse(descriptor, blocking):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("filelock.lock_descriptor", refuse)
    with pytest.warns(match=r"cannot be locked here \(Operation not supported\)"):
        RunLock(tmp_path).close()
    assert not is_held(tmp_path)
