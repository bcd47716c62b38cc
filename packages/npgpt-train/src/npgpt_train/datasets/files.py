"""The user's own text: files, folders and globs, streamed whatever their size."""

from __future__ import annotations

import codecs
import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from npgpt_core.errors import NpgptError

SUFFIXES = (".md", ".text", ".txt")
PIECE = 2**20  # bytes: small beside any memory, large beside the cost of a call


class TextFiles:
    """UTF-8 text files one after another, every character as it stands in them.

    ``paths`` is one path or several, used in the order given, each file once:

    - a file, whatever its suffix;
    - a folder: its .txt, .md and .text files and those of its subfolders, sorted by path,
      without hidden files and folders;
    - a glob (``**`` for any subfolders): the files that match, sorted by path.

    Raises:
        NpgptError: a path that is missing, empty or no regular file, or that holds no text file.
    """

    def __init__(self, paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> None:
        if isinstance(paths, str | os.PathLike):
            paths = [paths]
        found = (file for path in paths for file in _find(os.fspath(path)))
        self.files = list(dict.fromkeys(found))

    def texts(self) -> Iterator[str]:
        """The text in pieces of about a mebibyte, cut at line ends where lines are shorter.

        Raises:
            NpgptError: a file that cannot be read, or is not UTF-8 (names the byte).
        """
        for file in self.files:
            yield from _read(file)


def exists(path: str) -> bool:
    """Whether ``path`` is there, or is a glob that matches something."""
    return os.path.exists(path) or any(True for _ in glob.iglob(path, recursive=True))


def _find(path: str) -> list[Path]:
    if not exists(path):
        raise NpgptError(f"there is no file or folder {path!r}, and it matches none as a glob")
    if os.path.isfile(path):
        if os.path.getsize(path) == 0:
            raise NpgptError(f"{path} is empty: give a file with text in it")
        return [Path(path)]
    if os.path.isdir(path):
        files = [file for file in Path(path).rglob("*") if _is_text(file.relative_to(path))]
    elif os.path.exists(path):
        raise NpgptError(f"{path} is neither a file nor a folder: give one that holds text")
    else:
        files = [Path(match) for match in glob.iglob(path, recursive=True)]
    files = sorted(file for file in files if file.is_file() and file.stat().st_size > 0)
    if not files:
        raise NpgptError(f"{path} holds no text: expected files in {', '.join(SUFFIXES)}")
    return files


def _is_text(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return path.suffix.lower() in SUFFIXES and not hidden


def _read(path: Path) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset = 0  # of the first byte that is not decoded yet
    try:
        with open(path, "rb") as file:
            while block := file.read(PIECE) + file.readline(PIECE):
                if text := decoder.decode(block):
                    yield text
                offset = file.tell() - len(decoder.getstate()[0])
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise NpgptError(
            f"{path} is not UTF-8 at byte {offset + error.start}: convert it,"
            " for example with iconv -f ENCODING -t UTF-8"
        ) from error
    except OSError as error:
        raise NpgptError(f"{path} cannot be read: {error.strerror}") from error
