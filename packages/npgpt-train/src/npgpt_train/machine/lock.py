"""One writer a run: a lock of the operating system, gone when its holder dies, however it dies."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from npgpt_core.errors import NpgptError, warn
from npgpt_train.machine.disk import Folder, remove_empty, writing
from npgpt_train.machine.json_text import parse_json

NAME = ".lock"
LOCKED = 1  # byte at the start of the file: Windows lets nobody else read what is locked


class RunLock:
    """Holds the lock of a run's folder until ``close`` or ``discard``.

    The file that is locked stays after ``close``, and says who holds it; a lock that nobody holds
    says nothing.

    Args:
        folder: of the run; made if it does not exist.
        activity: what its holder does with it, as a participle, for the message.

    Raises:
        NpgptError: another process holds it (named), or the folder cannot be written.
    """

    def __init__(self, folder: Path, activity: str = "trained") -> None:
        self._files, self._is_new = Folder(folder), False
        with writing(f"the run folder {folder}"), self._files.made() as self._made:
            is_new = not self._files.has(NAME)
            self._file = self._files.open_descriptor(NAME)
        try:
            if not any(_lock(self._file, folder) and self._is_there() for _ in _attempts()):
                holder = _holder(self._file)
                raise NpgptError(
                    f"{folder} is being {activity} by {holder}: wait for it, or stop it"
                )
            holder = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
            self._is_new = is_new
            with writing(f"the lock of {folder}"):
                os.ftruncate(self._file, 0)
                os.write(self._file, b" " * LOCKED + holder.encode())
        except BaseException:
            self.discard()
            raise

    def close(self) -> None:
        """Let go; doing so twice is no error."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def discard(self) -> None:
        """Let go, and delete what was made for the lock: its file, and folders that are empty."""
        if self._is_new and self._file >= 0:
            with suppress(OSError):  # Windows deletes no file that is open
                self._files.remove(NAME)
            remove_empty(self._made)
        self.close()

    def _is_there(self) -> bool:
        """Whether what is locked is the file of that name, and none that was discarded."""
        with suppress(OSError):
            return os.path.samestat(os.fstat(self._file), os.lstat(self._files.path / NAME))
        return False


@contextmanager
def locked(folder: Path) -> Iterator[RunLock]:
    """The lock of a run's folder, which whoever took it closes; a block that fails discards it."""
    lock = RunLock(folder)
    try:
        yield lock
    except BaseException:
        lock.discard()
        raise


def _attempts() -> Iterator[None]:
    """Now, and twice more: ``is_held`` of another process has a free lock for an instant."""
    yield
    for _ in range(2):
        time.sleep(0.05)
        yield


def is_held(folder: Path) -> bool:
    """Whether a process holds the lock of a run's folder; nothing in it is made or changed."""
    from filelock import lock_descriptor

    if not Folder(folder).has(NAME):
        return False
    with Folder(folder).open(NAME) as file:  # if the lock was free it is ours until this closes
        try:
            return not lock_descriptor(file.fileno(), blocking=False)
        except OSError:  # there are no locks here, so none is held
            return False


def _lock(descriptor: int, folder: Path) -> bool:
    """Whether the lock was free and is ours now; without locks, there is a warning instead."""
    from filelock import lock_descriptor  # only who writes needs it

    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError as error:
        warn(
            f"{folder} cannot be locked here ({error.strerror}): let no other process write there"
            " meanwhile"
        )
        return True


def _holder(descriptor: int) -> str:
    """Who wrote into the file that it holds the lock."""
    try:
        os.lseek(descriptor, LOCKED, os.SEEK_SET)
        content = parse_json(os.read(descriptor, 1000))
        return f"process {int(content['pid'])} on {str(content['host'])[:100]!r}"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "another process"
