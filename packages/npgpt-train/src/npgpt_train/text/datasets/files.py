"""The user's own text: files, folders and globs, streamed whatever their size."""

import codecs
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError, warn
from npgpt_train.text.datasets.finding import find, identity

PIECE = 2**20  # bytes: small for any memory, large enough to hide the cost of a call
MAX_NAMED = 3  # files that a message or record names; of the others it gives the number


class TextFiles:
    """UTF-8 text files one after another, every character as it stands in them.

    ``paths`` is one path or several, used in the order given:

    - a file, whatever its suffix;
    - a folder: its .txt, .md and .text files and those of its subfolders, sorted by path,
      without hidden files and folders;
    - a glob (``**`` for any subfolders): the files that match, sorted by path.

    Every file is read once: links, hard links and other spellings of its path are one file, and an
    ``NpgptWarning`` names them. A link to a folder is followed where a path
    names it, but not where a folder or ``**`` meets it, because it may turn in a circle.

    Attributes:
        files: in the order in which they are read.
        size: of all of them, in bytes.
        skipped: why something in a folder or glob is not read -> what.

    Raises:
        NpgptError: a path that is missing, empty or no regular file, or that holds no text file.
    """

    def __init__(self, paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> None:
        if isinstance(paths, str | os.PathLike):
            paths = [paths]
        skipped: defaultdict[str, set[str]] = defaultdict(set)
        read: dict[object, Path] = {}
        names = [os.fspath(path) for path in paths]
        self._relative = not all(map(os.path.isabs, names))
        again = []
        self.size = 0
        for name in names:
            for file, status in find(name, lambda why, what: skipped[why].add(what)):
                key = identity(file, status)
                if key not in read:
                    read[key] = file
                    self.size += status.st_size
                elif read[key] != file:
                    again.append(f"{file} (the same file as {read[key]})")
        self.files = list(read.values())
        named = {str(file) for file in self.files}
        self.skipped = {why: sorted(what - named) for why, what in skipped.items() if what - named}
        if again:
            warn(f"every file is read once, so these are left out: {first_few(again)}")

    def texts(self) -> Iterator[str]:
        """The text in pieces of about a mebibyte, cut at line ends where lines are shorter.

        Raises:
            NpgptError: a file that cannot be read, or is not UTF-8 (names the byte).
        """
        for file in self.files:
            yield from _read(file)

    def summary_lines(self) -> list[str]:
        """A line for what is read and one for what is left out; none for a single file."""
        lines = []
        if len(self.files) > 1:
            names = first_few([str(file) for file in self.files])
            lines.append(f"reading {len(self.files):,} files ({self.size:,} bytes): {names}")
        if self.skipped:
            reasons = (
                f"{why} ({len(what):,}: {first_few(what)})" for why, what in self.skipped.items()
            )
            lines.append(f"leaving out {', '.join(reasons)}")
        return lines

    def record(self) -> dict[str, Any]:
        """The same for the record of a run: of bounded size."""
        return {
            "files": len(self.files),
            "bytes": self.size,
            "first_files": [str(file) for file in self.files[:MAX_NAMED]],
            "skipped": {why: len(what) for why, what in self.skipped.items()},
            **({"folder": os.getcwd()} if self._relative else {}),
        }


def first_few(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    rest = f" and {len(names) - MAX_NAMED:,} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + rest


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
