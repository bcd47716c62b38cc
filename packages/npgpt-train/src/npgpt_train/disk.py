"""Files that outlive a power cut, and files that a stranger may have written.

Writing: a file is complete or absent, synced before its name appears. Reading: a regular file
inside the run, of bounded size; a link that leads out, a device or a pipe is refused unopened.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError

MAX_JSON = 16 * 2**20  # bytes


# ------------------------------------------------------------------------ writing


def replace_file(path: Path, data: bytes) -> None:
    """Write a file atomically: whoever reads it sees the old content or the new."""
    beside = path.with_name(f".{path.name}.new")
    write_synced(beside, data)
    os.replace(beside, path)
    sync_folder(path.parent)


def write_synced(path: Path, data: bytes) -> None:
    """Write a file and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Wait until a folder's entries are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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


# ------------------------------------------------------------------------ reading


def require_inside(path: Path, root: Path) -> None:
    """Raise an ``NpgptError`` unless ``path`` is a regular file in ``root``, links followed."""
    try:
        inside = path.resolve(strict=True).is_relative_to(root.resolve())
        regular = stat.S_ISREG(path.stat().st_mode)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        reason = getattr(error, "strerror", None) or "its links go in a circle"
        raise NpgptError(f"cannot read {path}: {reason}") from error
    if not inside:
        raise NpgptError(f"{path} is a link that leads out of {root}: it is not followed")
    if not regular:
        raise NpgptError(f"{path} is no regular file")


def read_file(path: Path, root: Path, limit: int) -> bytes:
    """The bytes of a regular file in ``root``.

    Raises:
        NpgptError: it cannot be read, leads out of ``root``, or is larger than ``limit`` bytes.
    """
    require_inside(path, root)
    try:
        size = path.stat().st_size
        if size > limit:
            raise NpgptError(f"{path} has {size:,} bytes, expected at most {limit:,}")
        with path.open("rb") as file:
            return file.read(limit)
    except OSError as error:
        raise NpgptError(f"cannot read {path}: {error.strerror}") from error


def read_json(path: Path, root: Path) -> dict[str, Any]:
    """A JSON object from a file in ``root``.

    Raises:
        NpgptError: a file that cannot be read, or holds anything else.
    """
    try:
        record = json.loads(read_file(path, root, MAX_JSON))
    except (ValueError, RecursionError) as error:
        if isinstance(error, NpgptError):
            raise
        raise NpgptError(f"{path} is damaged: {error}") from error
    if not isinstance(record, dict):
        raise NpgptError(f"{path} is damaged: it holds no JSON object")
    return record
