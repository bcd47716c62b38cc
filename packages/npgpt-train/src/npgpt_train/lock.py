"""One writer a run: a lock of the operating system, gone when its holder dies, however it dies."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

from npgpt_core.errors import NpgptError
from npgpt_train.disk import writing

NAME = ".lock"


class RunLock:
    """Holds the lock of a run's folder until ``close``.

    The file that is locked stays, and says who holds it; a lock that nobody holds says nothing.

    Args:
        folder: of the run; it must exist.

    Raises:
        NpgptError: another process holds it (named), or the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / NAME
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise NpgptError(f"cannot write the run folder {folder}: {error.strerror}") from error
        if not _lock(self._file):
            holder = _holder(self._file)
            os.close(self._file)
            raise NpgptError(f"{folder} is being trained by {holder}: wait for it, or stop it")
        holder = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
        with writing(f"the lock of {folder}"):
            os.ftruncate(self._file, 0)
            os.write(self._file, holder.encode())

    def close(self) -> None:
        """Let go; doing so twice is no error."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _lock(descriptor: int) -> bool:
    """Whether the lock was free and is ours now; without such locks in the system, always."""
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int) -> str:
    """Who wrote into the file that it holds the lock."""
    try:
        record = json.loads(os.pread(descriptor, 1000, 0))
        return f"process {int(record['pid'])} on {str(record['host'])[:100]!r}"
    except (ValueError, KeyError, TypeError):
        return "another process"
