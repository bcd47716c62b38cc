"""Command lines for the user to copy."""

import os
import shlex
from pathlib import PurePath


def command(*words: str | PurePath) -> str:
    """A command line whose words, quoted where need be, reach the program as they are.

    A path that begins with a hyphen gets ``./`` before it, because it is no option. The quotes are
    those of a POSIX shell; on Windows those that its programs read.
    """
    texts = [_path(word) if isinstance(word, PurePath) else word for word in words]
    if os.name != "nt":
        return shlex.join(texts)
    from subprocess import list2cmdline  # only here: it would slow every start of the command down

    return list2cmdline(texts)


def _path(path: PurePath) -> str:
    return f".{os.sep}{path}" if str(path).startswith("-") else str(path)
