"""Whichever write, sync or rename of a checkpoint fails, the state before it still loads."""

import errno
import os

import numpy as np
import pytest

from npgpt_train.machine.disk import Folder
from npgpt_train.run.checkpoint import Checkpoint, Checkpoints
from npgpt_train.run.state import Best

SIZE = 64


def _checkpoint(step, best):
    model = {"weight": np.full(16, step, np.float32)}
    return Checkpoint(step, model, {"m.weight": model["weight"] / 2, "t": step}, Best(best, 1.0))


class Failing:
    """Counts the calls that touch the disk, and lets the k-th fail, a write in its middle."""

    def __init__(self, monkeypatch, k):
        self.calls, self.k = 0, k
        write = Folder.write
        for name in ("fsync", "rename", "replace", "mkdir", "rmdir", "unlink"):
            monkeypatch.setattr(os, name, self.counted(getattr(os, name)))

        def half(folder: Folder, name: str, data: bytes) -> None:
            if self.is_due():
                write(folder, name, data[: len(data) // 2])
                self.fail()
            write(folder, name, data)

        monkeypatch.setattr(Folder, "write", half)

    def is_due(self):
        self.calls += 1
        return self.calls == self.k

    def fail(self):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def counted(self, function):
        def call(*args, **kwargs):
            if self.is_due():
                self.fail()
            return function(*args, **kwargs)

        return call


def _saved(folder, k):
    """Save a second checkpoint with the k-th call failing; whether one was left to fail."""
    checkpoints = Checkpoints(folder)
    checkpoints.save(_checkpoint(10, best=10), keep=1)
    with pytest.MonkeyPatch.context() as monkeypatch:
        failing = Failing(monkeypatch, k)
        try:
            checkpoints.save(_checkpoint(20, best=20), keep=1)
        except OSError:
            return True
        return failing.calls >= k  # one that may fail: what is deleted is no loss


@pytest.mark.parametrize("k", range(1, 60))
def test_the_state_before_a_failure_loads(k, tmp_path):
    failed = _saved(tmp_path, k)
    checkpoints = Checkpoints(tmp_path)
    steps = checkpoints.steps()
    assert steps
    for step in steps:
        loaded = checkpoints.load(step, SIZE)
        np.testing.assert_array_equal(loaded.model["weight"], np.full(16, step, np.float32))
        assert loaded.optimizer["t"] == step
    assert checkpoints.pointer("latest") in steps
    assert checkpoints.pointer("best") in steps
    newest = checkpoints.load(steps[-1], SIZE).best.step
    checkpoints.point(steps[-1], newest)  # as resuming does
    assert (checkpoints.pointer("latest"), checkpoints.pointer("best")) == (steps[-1], newest)
    checkpoints.save(_checkpoint(30, best=newest), keep=1)
    assert checkpoints.steps() == sorted({newest, 30})
    assert not [path for path in checkpoints.folder.iterdir() if path.name.startswith(".")]
    if k == 59:
        assert not failed, "there are more calls than are tried here"
