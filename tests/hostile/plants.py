"""What is put where a run, a comparison or the cache has, or would have, a file or a folder."""

from __future__ import annotations

import json
import os
import random
import socket
import stat
from pathlib import Path
from typing import Any

PLANTS = [
    *("link to a file", "link to a folder", "dangling link", "loop", "hard link", "pipe"),
    *("socket", "link to /dev/full", "link to /dev/zero", "device", "folder", "full folder"),
    *("closed file", "closed folder", "holes", "empty", "random bytes", "cut", "flipped", "value"),
]
VALUES = [
    None,
    True,
    -1,
    0,
    2**62,
    2**70,
    -0.0,
    1e308,
    float("nan"),
    "",
    "x" * 5000,
    [],
    {},
    [[0]],
    1e-320,
    "\ud800",
    [1] * 1000,
]


def plant(place: Path, name: str, kind: str, rng: random.Random) -> None:
    """Put something where a file or folder of the place is, or would be."""
    path, outside = place / name, place / "outside"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        data = path.read_bytes() if path.is_file() and path.stat().st_size < 2**20 else b"{}"
        content = _content(kind, data, rng)
        if kind.startswith("closed") and os.path.lexists(path) and not path.is_symlink():
            path.chmod(0)
            return
        if os.path.lexists(path):
            path.rename(outside / f"was-{rng.getrandbits(32)}")
        if content is not None:
            path.write_bytes(content)
        else:
            _MAKE[kind](path, outside)
    except OSError:
        pass  # behind something that was planted before


def _content(kind: str, data: bytes, rng: random.Random) -> bytes | None:
    """What a plant writes into a file; None if it is none."""
    if kind == "empty":
        return b""
    if kind == "random bytes":
        return rng.randbytes(rng.choice([1, 10, 1000, 100_000]))
    if kind == "cut":
        return data[: rng.randrange(len(data) + 1)]
    if kind == "flipped":
        flipped = bytearray(data or b"{}")
        for _ in range(rng.choice([1, 3, 20])):
            flipped[rng.randrange(len(flipped))] = rng.randrange(256)
        return bytes(flipped)
    if kind == "value":
        return _other_value(data, rng)
    return None


def _other_value(data: bytes, rng: random.Random) -> bytes:
    """The JSON of a file, or of one of its lines, with one value replaced."""
    lines = data.splitlines()
    whole = not (len(lines) > 1 and lines[0].endswith(b"}"))
    place = 0 if whole else rng.randrange(len(lines))
    try:
        record = json.loads(data if whole else lines[place])
    except ValueError:
        return data[::-1]
    parent, value = {"": record}, record
    key: Any = ""
    while isinstance(value, dict | list) and value and rng.random() < 0.9:
        key = rng.choice(list(value) if isinstance(value, dict) else range(len(value)))
        parent, value = value, value[key]
    parent[key] = rng.choice([*VALUES, "9" * 400, "\x1b[31m", "☃", "$(touch owned)"])
    made = json.dumps(record if parent is not None else None).encode("utf-8", "surrogatepass")
    return made if whole else b"\n".join([*lines[:place], made, *lines[place + 1 :], b""])


def _target(path: Path, outside: Path, kind: str) -> Path:
    """Where a link leads: to what was there before, or to a file or folder."""
    was = [old for old in outside.iterdir() if old.name.startswith("was-")]
    return was[0] if was else outside / kind


def _socket(path: Path, outside: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        os.chdir(path.parent)  # its path may have 107 bytes
        made.bind(path.name)


def _device(path: Path, outside: Path) -> None:
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 7))  # as /dev/full
    except PermissionError:
        path.symlink_to("/dev/full")


def _closed(path: Path, outside: Path) -> None:
    path.write_bytes(b"closed")
    path.chmod(0)


def _full_folder(path: Path, outside: Path) -> None:
    (path / "sub").mkdir(parents=True)
    (path / "sub" / "file").write_text("in the way")
    path.chmod(0o500)


def _holes(path: Path, outside: Path) -> None:
    path.write_bytes(b"")
    os.truncate(path, 2**42)


_MAKE = {
    "link to a file": lambda path, outside: path.symlink_to(_target(path, outside, "file")),
    "link to a folder": lambda path, outside: path.symlink_to(_target(path, outside, "folder")),
    "dangling link": lambda path, outside: path.symlink_to(outside / "new"),
    "loop": lambda path, outside: path.symlink_to(path.name),
    "hard link": lambda path, outside: path.hardlink_to(outside / "file"),
    "pipe": lambda path, outside: os.mkfifo(path),
    "socket": _socket,
    "link to /dev/full": lambda path, outside: path.symlink_to("/dev/full"),
    "link to /dev/zero": lambda path, outside: path.symlink_to("/dev/zero"),
    "device": _device,
    "folder": lambda path, outside: path.mkdir(),
    "full folder": _full_folder,
    "closed file": _closed,
    "closed folder": lambda path, outside: path.mkdir(0),
    "holes": _holes,
}
