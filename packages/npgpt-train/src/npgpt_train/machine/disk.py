"""The one place that touches what is inside a run, a comparison or the cache.

Such a folder may come from a stranger. It may be reached by a link; below it there are regular
files and real folders only, and whatever else is met there (a link wherever it leads, a device, a
pipe) is refused unopened: for reading, writing and deleting alike. What is written is complete or
absent, and synced before its name appears, so that it outlives a power cut.
"""

import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from npgpt_core.errors import NpgptError
from npgpt_train.machine.json_text import format_json, parse_json

MAX_JSON = 16 * 2**20  # bytes
JUNCTION = 0xA0000003  # the reparse tag of Windows' links to folders that are no symbolic links

_WANTED = ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")  # Windows has only the last
OPEN = sum(getattr(os, name, 0) for name in _WANTED)


@dataclass(frozen=True)
class Folder:
    """A folder, and everything that is done inside it.

    Names are relative to it, with ``/`` between. What is no regular file or real folder, or lies
    behind such, is an ``NpgptError``. Reading raises it for whatever else may fail as well; writing
    raises ``OSError`` (see ``writing``).

    Args:
        path: of the folder, which need not exist. It may be a link: who named it chose that.
    """

    path: Path

    # -------------------------------------------------------------------- reading

    def has(self, name: str) -> bool:
        """Whether there is a file or folder."""
        with self._reading(name):
            return self._kind(self._path(name)) is not None

    def names(self, name: str = "") -> list[str]:
        """What is in a folder, sorted; nothing if there is no such folder."""
        with self._reading(name):
            path = self._path(name)
            if name and self._kind(path, "folder") is None:
                return []
            return sorted(os.listdir(path)) if path.exists() else []

    def open(self, name: str) -> BufferedReader:
        """Open a file for reading."""
        with self._reading(name):
            return os.fdopen(self._open(name, os.O_RDONLY), "rb")

    def checked_path(self, name: str) -> Path:
        """The path of a file or folder, there or not, for whoever opens it by its path."""
        with self._reading(name):
            path = self._path(name)
            self._kind(path)
            return path

    def read(self, name: str, limit: int) -> bytes:
        """The bytes of a file, of which there may be ``limit``."""
        with self.open(name) as file, self._reading(name):
            size = os.fstat(file.fileno()).st_size
            if size > limit:
                raise NpgptError(
                    f"{self.path / name} has {size:,} bytes, expected at most {limit:,}"
                )
            return file.read(limit)

    def lines(self, name: str, limit: int) -> Iterator[bytes]:
        """The lines of a file with their ends, cut where they are longer than ``limit`` bytes."""
        with self.open(name) as file, self._reading(name):
            while line := file.readline(limit):
                yield line

    def read_json(self, name: str, limit: int = MAX_JSON) -> dict[str, Any]:
        """A JSON object, of which there may be ``limit`` bytes."""
        data = self.read(name, limit)
        try:
            content = parse_json(data)
        except (ValueError, RecursionError) as error:
            raise NpgptError(f"{self.path / name} is damaged: {error}") from error
        if not isinstance(content, dict):
            raise NpgptError(f"{self.path / name} is damaged: it holds no JSON object")
        return content

    # -------------------------------------------------------------------- writing

    def make(self, name: str = "") -> None:
        """Make a folder, and those above it inside this one, unless it is there.

        Without a name, make this one and all above it.
        """
        if not name:
            self.path.mkdir(parents=True, exist_ok=True)
            return
        for parent in [*reversed(PurePath(name).parents[:-1]), PurePath(name)]:
            path = self._path(str(parent))
            if self._kind(path, "folder") is None:
                os.mkdir(path)

    @contextmanager
    def made(self) -> Iterator[list[Path]]:
        """This folder in a ``with`` block; if that fails, it stays only if it was there before.

        Gives what had to be made, this folder and those above it, the innermost first.
        """
        missing = [path for path in (self.path, *self.path.parents) if not os.path.exists(path)]
        try:
            self.make()
            yield missing
        except BaseException:
            remove_empty(path for path in missing if os.path.exists(path))
            raise

    def replace(self, name: str, data: bytes) -> None:
        """Write a file atomically: whoever reads it sees the old content or the new."""
        path = self._path(name)
        self._kind(path, "file")
        temporary = PurePath(name).with_name(f".{path.name}.new")
        try:
            self.write(str(temporary), data)
            os.replace(self.path / temporary, path)
        except BaseException:
            with suppress(NpgptError, OSError):  # the first error is the one to report
                self.remove(str(temporary))
            raise
        self.sync(str(temporary.parent))

    def replace_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Write a JSON object atomically."""
        self.replace(name, f"{format_json(value)}\n".encode())

    def write(self, name: str, data: bytes) -> None:
        """Write a new file and wait until it is on the disk; what was there is deleted."""
        with self.create(name) as file:
            file.write(data)

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """A new file in a ``with`` block, on the disk when that ends; what was there is deleted."""
        self.remove(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(self._open(name, flags), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    def append(self, name: str) -> BinaryIO:
        """Open a file to write at its end; it is made if it is not there."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        return os.fdopen(self._open(name, flags, one_name=True), "ab")

    def open_descriptor(self, name: str) -> int:
        """Open a file for reading and writing, without changing it; made if it is not there."""
        return self._open(name, os.O_RDWR | os.O_CREAT, one_name=True)

    def rename(self, old: str, new: str) -> None:
        """Give a file or folder another name."""
        self._kind(self._path(old))
        os.rename(self._path(old), self._path(new))

    def remove(self, name: str) -> None:
        """Delete a file, a link but not what it leads to, or a folder and what is in it."""
        path = self._path(name)
        try:
            info = os.lstat(path)
        except FileNotFoundError:
            return
        if stat.S_ISDIR(info.st_mode) and not _is_link(info):
            shutil.rmtree(path)  # which follows no link either
        else:
            os.unlink(path)

    def sync(self, name: str = "") -> None:
        """Wait until a folder's entries are on the disk, where the system lets one."""
        if not hasattr(os, "O_DIRECTORY"):
            return  # Windows opens no folder
        descriptor = os.open(self._path(name), os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    # --------------------------------------------------------------------- guards

    def _path(self, name: str) -> Path:
        """The path of a name; all folders above it that exist are real ones, no links."""
        parts = PurePath(name).parts
        if PurePath(name).is_absolute() or ".." in parts:
            raise NpgptError(f"{name} leads out of {self.path}")
        path = self.path
        for part in parts[:-1]:
            path = path / part
            if self._kind(path, "folder") is None:
                break
        return self.path / name

    def _kind(self, path: Path, wanted: str = "") -> str | None:
        """Either "file" or "folder", as ``wanted`` if that is given; None where nothing is."""
        try:
            info = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if _is_link(info):
            raise NpgptError(
                f"{path} is a link: none is followed inside {self.path}."
                " Put what it leads to in its place"
            )
        kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "folder"}
        kind = kinds.get(stat.S_IFMT(info.st_mode), "device, pipe or socket")
        if kind not in ("file", "folder") or wanted not in ("", kind):
            raise NpgptError(f"{path} is a {kind}, expected a {wanted or 'file or folder'}")
        return kind

    def _open(self, name: str, flags: int, *, one_name: bool = False) -> int:
        """Open a regular file; ``one_name`` if it may have no hard link elsewhere."""
        path = self._path(name)
        self._kind(path, "file")
        descriptor = os.open(path, flags | OPEN, 0o666)
        info = os.fstat(descriptor)  # of what was opened, whatever its name led to a moment ago
        if stat.S_ISREG(info.st_mode) and not (one_name and info.st_nlink > 1):
            return descriptor
        os.close(descriptor)
        raise NpgptError(
            f"{path} is no regular file with one name: put a copy of its content in its place"
        )

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise NpgptError(f"cannot read {self.path / name}: {reason}") from error


def _is_link(info: os.stat_result) -> bool:
    return stat.S_ISLNK(info.st_mode) or getattr(info, "st_reparse_tag", 0) == JUNCTION


def remove_empty(folders: Iterable[Path]) -> None:
    """Delete folders, the innermost first, up to the first that holds something."""
    with suppress(OSError):
        for folder in folders:
            os.rmdir(folder)


@contextmanager
def writing(what: str, advice: Callable[[], str] = str) -> Iterator[None]:
    """Turn a failure to write in a ``with`` block into one line that names the file.

    Raises:
        NpgptError: what could not be written and why, and what ``advice`` gives then.
    """
    try:
        yield
    except BrokenPipeError:  # whoever read what is printed has gone: that is no file
        raise
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        reason = error.strerror or type(error).__name__
        hint = advice()
        raise NpgptError(
            f"cannot write {what}: {reason}{where}" + (f". {hint}" if hint else "")
        ) from error
