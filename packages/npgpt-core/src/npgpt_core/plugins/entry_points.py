"""The entry points of installed distributions, read as they are written on disk.

``importlib.metadata`` says the same, but importing it takes longer than all that ``npgpt --help``
does, and one damaged ``entry_points.txt`` makes its answer for every distribution an exception.
The format: https://packaging.python.org/specifications/entry-points/
"""

import os
import re
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from typing import NamedTuple

MALFORMED = "its entry_points.txt is malformed: "


class EntryPoint(NamedTuple):
    """One line ``name = value`` of a group, and the distribution that has it.

    ``error`` says what is wrong with the file or the line, if anything is.
    """

    distribution: str
    version: str
    name: str
    value: str = ""
    error: str = ""


def normalized(distribution: str) -> str:
    """The one spelling of a distribution's name (PEP 503): ``My_Plugin`` is ``my-plugin``."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def entry_points(group: str) -> list[EntryPoint]:
    """The entry points of a group; of a distribution that is there twice, the first on sys.path."""
    found: dict[str, list[EntryPoint]] = {}
    unusual = False
    for folder in dict.fromkeys(sys.path):
        try:
            names = os.listdir(folder or ".")
        except OSError:
            unusual |= os.path.isfile(folder)  # a zip file
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                key = normalized(name.rpartition(".")[0].partition("-")[0])
                if key not in found:
                    path = os.path.join(folder or ".", name)
                    found[key] = list(_read(path, key, group))
    finders = [finder for finder in sys.meta_path if finder is not PathFinder]
    if unusual or any(hasattr(finder, "find_distributions") for finder in finders):
        for key, points in _from_metadata(group):
            found.setdefault(key, points)
    return [point for points in found.values() for point in points]


def _read(path: str, distribution: str, group: str) -> Iterator[EntryPoint]:
    """Yield the entry points of one ``*.dist-info`` or ``*.egg-info`` folder."""
    try:
        with open(os.path.join(path, "entry_points.txt"), "rb") as file:
            data = file.read()
    except OSError:  # most distributions have none
        return
    if f"[{group}]".encode() in data:
        version = _version(path)
        for name, value, error in _parse(data, group):
            yield EntryPoint(distribution, version, name, value, error)


def _version(path: str) -> str:
    """The version, from the folder's name; ``NAME.egg-info`` has it in a file only."""
    version = os.path.basename(path).rpartition(".")[0].partition("-")[2]
    if version:
        return version.partition("-py")[0]
    try:
        with open(os.path.join(path, "PKG-INFO"), encoding="utf-8", errors="replace") as file:
            lines = [line for line in file if line.startswith("Version:")]
    except OSError:
        lines = []
    return lines[0].partition(":")[2].strip() if lines else "unknown"


def _parse(data: bytes, group: str) -> Iterator[tuple[str, str, str]]:
    """Yield (name, value, error) of each line in the section of a group."""
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        yield "?", "", f"{MALFORMED}{error}"
        return
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line.strip("[] ")
        elif line and section == group and not line.startswith(("#", ";")):
            name, equals, value = map(str.strip, line.partition("="))
            sound = equals and re.fullmatch(r"[\w.]+(\s*:\s*[\w.]+)?\s*(\[.*\])?", value)
            problem = "" if sound else f"{MALFORMED}{line!r}, expected name = package.module"
            yield name or "?", value.partition("[")[0].strip(), problem


def _from_metadata(group: str) -> Iterator[tuple[str, list[EntryPoint]]]:
    """Yield the same for distributions that are in zip files or found by finders of their own."""
    from importlib import metadata

    for dist in metadata.distributions():
        try:
            key, text = normalized(dist.metadata["Name"]), dist.read_text("entry_points.txt") or ""
        except Exception:  # a damaged distribution, perhaps without a name
            continue
        lines = _parse(text.encode(), group)
        yield key, [EntryPoint(key, dist.version, *line) for line in lines]
