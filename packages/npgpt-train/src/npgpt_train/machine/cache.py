"""The folder where downloads and token files outlive a run: its place, its contents, its end."""

import os
import re
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from npgpt_core.errors import NpgptError
from npgpt_train.machine.disk import Folder
from npgpt_train.machine.lock import NAME as LOCK
from npgpt_train.machine.lock import RunLock

TOKENS = "tokens"
TOKEN_FILES = ("train.bin", "val.bin", "tokens.json")
TINY_SHAKESPEARE = "tiny-shakespeare.txt"

_ENTRY = re.compile(r"[0-9a-f]{64}(?:-[0-9a-f]{16})?")  # without its end: of format 1
_SCRATCH = re.compile(_ENTRY.pattern + r"\.[0-9a-f]{32}")
_IN_SCRATCH = {*TOKEN_FILES, LOCK, *(f"{a}/{b}" for a in ("entry", "damaged") for b in TOKEN_FILES)}


def cache_dir() -> Path:
    """``$NPGPT_CACHE``, or the folder ``npgpt`` among the platform's caches; it may not exist yet.

    Raises:
        NpgptError: neither ``NPGPT_CACHE`` nor a home folder is known.
    """
    if chosen := os.environ.get("NPGPT_CACHE"):
        return Path(chosen)
    try:
        return _platform_caches() / "npgpt"
    except RuntimeError as error:
        raise NpgptError(
            "this user has no home folder for caches: set NPGPT_CACHE to a folder"
        ) from error


def _platform_caches() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def scratch_name(entry: str) -> str:
    """A unique name next to an entry; whoever makes this folder holds its lock."""
    return f"{entry}.{uuid.uuid4().hex}"


# ------------------------------------------------------------------------ contents


@dataclass(frozen=True)
class Cached:
    """Something in the cache.

    Args:
        name: relative to the cache.
        kind: "tokens" (complete, or so it looks), "unfinished" (tokens that are being written, or
            that a killed process left), "download", or "other" (not of npgpt).
        size: in bytes; 0 of what is not of npgpt.
        used: when it was last read or written, in seconds since 1970, as the system tells.
        about: the text and the tokenizer, from ``tokens.json``.
    """

    name: str
    kind: str
    size: int = 0
    used: float = 0.0
    about: str = ""


def cached() -> list[Cached]:
    """Everything in the cache, sorted by name.

    Raises:
        NpgptError: it is no folder, or cannot be read.
    """
    cache = Folder(cache_dir())
    if os.path.exists(cache.path) and not os.path.isdir(cache.path):
        raise NpgptError(f"{cache.path} is no folder: set NPGPT_CACHE to another")
    found = []
    for name in cache.names():
        if name == TOKENS:
            found += [_tokens(cache, f"{TOKENS}/{entry}") for entry in cache.names(TOKENS)]
        elif name == TINY_SHAKESPEARE:
            found.append(_ours(cache, name, "download", [name]))
        else:
            found.append(Cached(name, "other"))
    return found


def _tokens(cache: Folder, name: str) -> Cached:
    last = name.removeprefix(f"{TOKENS}/")
    if _ENTRY.fullmatch(last):
        kind, known = "tokens", set(TOKEN_FILES)
    elif _SCRATCH.fullmatch(last):
        kind, known = "unfinished", _IN_SCRATCH
    else:
        return Cached(name, "other")
    try:
        files = list(_files(cache, name))
    except NpgptError:  # links, devices
        return Cached(name, "other")
    if not known.issuperset(file.removeprefix(f"{name}/") for file in files):
        return Cached(name, "other")
    return _ours(cache, name, kind, files)


def _files(cache: Folder, name: str) -> Iterator[str]:
    for inside in cache.names(name):
        path = f"{name}/{inside}"
        if cache.checked_path(path).is_dir():
            yield from _files(cache, path)
        else:
            yield path


def _ours(cache: Folder, name: str, kind: str, files: list[str]) -> Cached:
    size, used = 0, 0.0
    for file in files:
        with suppress(FileNotFoundError):  # another process is done with it
            status = os.stat(cache.checked_path(file))
            size += status.st_size
            read = 0.0 if file.endswith(".json") else status.st_atime  # that is read to list it
            used = max(used, read, status.st_mtime)
    return Cached(name, kind, size, used, _about(cache, name) if kind == "tokens" else "")


def _about(cache: Folder, name: str) -> str:
    try:
        return str(cache.read_json(f"{name}/tokens.json").get("about", ""))[:200]
    except NpgptError:
        return "damaged"


# ------------------------------------------------------------------------ clearing


@dataclass(frozen=True)
class Cleared:
    """What ``clear`` did.

    Args:
        freed: bytes.
        removed: names of what is gone.
        left: name -> why it is still there.
    """

    freed: int
    removed: list[str]
    left: dict[str, str]


def clear(*, downloads: bool = False) -> Cleared:
    """Delete the tokens, and what killed processes left of some; ``downloads`` too if asked.

    Nothing else is touched, no link is followed, and what another process is writing stays. A run
    that trains on tokens holds them open and goes on; Windows deletes none that are open.

    Raises:
        NpgptError: the cache is no folder, or cannot be read.
    """
    cache = Folder(cache_dir())
    freed, removed, left = 0, [], {}
    for item in cached():
        if item.kind == "other":
            left[item.name] = "npgpt did not make it"
        elif item.kind != "download" or downloads:
            try:
                _delete(cache, item)
            except (NpgptError, OSError) as error:
                left[item.name] = str(error)
            else:
                removed.append(item.name)
                freed += item.size
    return Cleared(freed, removed, left)


def _delete(cache: Folder, item: Cached) -> None:
    name = item.name
    if item.kind == "tokens":
        name = scratch_name(name)  # at once, so that nobody finds half of them
        cache.rename(item.name, name)
    elif item.kind == "unfinished":
        RunLock(cache.path / name, "written").close()  # an error if somebody holds it
    cache.remove(name)
