"""Which files a path stands for: a file, the text files of a folder, or what matches a glob."""

import glob
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from npgpt_core.errors import NpgptError

SUFFIXES = (".md", ".text", ".txt")
Skip: TypeAlias = Callable[[str, str], object]  # called with the reason, and what is left out

_SEPARATOR = "[" + re.escape(os.sep + (os.altsep or "")) + "]"
_ANY_FOLDERS = re.compile(rf"(?:^|(?<={_SEPARATOR}))(?:\*\*{_SEPARATOR}+)*\*\*(?:{_SEPARATOR}+|$)")


def find(path: str, skip: Skip) -> list[tuple[Path, os.stat_result]]:
    """The files of a path, sorted, each with its ``os.stat``.

    Raises:
        NpgptError: it is missing, empty or no regular file, or holds no text file.
    """
    if not exists(path):
        raise NpgptError(f"there is no file or folder {path!r}, and it matches none as a glob")
    if os.path.isfile(path):
        found = _with_text([path], skip)
        if not found:
            raise NpgptError(f"{path} is empty: give a file with text in it")
        return found
    if os.path.isdir(path):
        found = _with_text(_text_files(path, skip), skip)
    elif os.path.exists(path):
        raise NpgptError(f"{path} is neither a file nor a folder: give one that holds text")
    else:
        found = _with_text(set(_matches(path, skip)), skip)
    if not found:
        raise NpgptError(f"{path} holds no text: expected files in {', '.join(SUFFIXES)}")
    return sorted(found, key=lambda file: file[0])


def exists(path: str) -> bool:
    """Whether ``path`` is there, or is a glob that matches something."""
    return os.path.exists(path) or any(True for _ in _matches(path, lambda why, what: None))


def identity(path: Path, status: os.stat_result) -> object:
    """Equal for two paths of one file: links, hard links, other spellings."""
    if status.st_ino:
        return status.st_dev, status.st_ino
    return os.path.normcase(os.path.realpath(path))  # a file system that numbers no files


def _with_text(paths: Iterable[str], skip: Skip) -> list[tuple[Path, os.stat_result]]:
    found = []
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:  # a link that leads nowhere, or it is gone
            skip("not to be found", path)
            continue
        if stat.S_ISDIR(status.st_mode):
            skip("folders", path)
        elif not stat.S_ISREG(status.st_mode):
            skip("no regular files", path)
        elif status.st_size == 0:
            skip("empty", path)
        else:
            found.append((Path(path), status))
    return found


def _text_files(folder: str, skip: Skip) -> Iterator[str]:
    for _, paths in _walk(folder, skip):
        for path in paths:
            if path.lower().endswith(SUFFIXES):
                yield path
            else:
                skip("other suffixes", path)


def _matches(pattern: str, skip: Skip) -> Iterator[str]:
    """What ``glob.glob(pattern, recursive=True)`` gives, but ``**`` goes into no linked folder."""
    if "\0" in pattern:
        return
    if not (folders := _ANY_FOLDERS.search(pattern)):
        yield from glob.iglob(pattern)
        return
    head, tail = pattern[: folders.start()], pattern[folders.end() :] or "*"
    for start in glob.iglob(head) if head else [""]:
        for folder, _ in _walk(start, skip):
            yield from _matches(os.path.join(glob.escape(folder), tail), skip)


def _walk(start: str, skip: Skip) -> Iterator[tuple[str, list[str]]]:
    """``start`` and each folder below it, and the paths in it that are no folders.

    Neither what is hidden nor linked folders: these may turn in a circle.
    """
    waiting, seen = [start], set()
    while waiting:
        folder = waiting.pop()
        try:
            key = identity(Path(folder), os.stat(folder or "."))
            names = sorted(os.listdir(folder or "."))
        except OSError:
            skip("not to be read", folder)
            continue
        if key in seen:  # what Windows calls a junction
            skip("linked folders", folder)
            continue
        seen.add(key)
        files = []
        for name in names:
            path = os.path.join(folder, name)
            if name.startswith("."):
                skip("hidden", path)
            elif not os.path.isdir(path):
                files.append(path)
            elif os.path.islink(path):
                skip("linked folders", path)
            else:
                waiting.append(path)
        yield folder, files
