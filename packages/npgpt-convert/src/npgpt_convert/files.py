"""Reading the files of other programs: whole, and of a bounded size."""

import json
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError
from npgpt_train.machine.disk import Folder

DIGITS = 18  # of a whole number; longer ones become floating-point numbers


def place(path: Path) -> tuple[Folder, str]:
    """The folder and the name of a file, for whoever opens it.

    Inside a folder no link is followed but one: the cache of Hugging Face has
    ``snapshots/REVISION/NAME`` lead to ``blobs/HASH``.
    """
    if path.is_symlink():
        target, folder = path.resolve(), path.parent.resolve()
        if target.parent == folder.parent.parent / "blobs":
            return Folder(target.parent), target.name
    return Folder(path.parent), path.name


def is_there(path: Path) -> bool:
    """Whether there is a file."""
    folder, name = place(path)
    return folder.has(name)


def read_file(path: Path, limit: int) -> bytes:
    """The bytes of a file.

    Raises:
        NpgptError: it is no regular file, cannot be read, or has more than ``limit`` bytes.
    """
    folder, name = place(path)
    return folder.read(name, limit)


def read_object(path: Path, limit: int) -> dict[str, Any]:
    """The JSON object in a file; numbers may be as absurd as transformers' ``model_max_length``.

    Raises:
        NpgptError: as ``read_file``, or it holds something else.
    """
    data = read_file(path, limit)
    try:
        content = json.loads(data, parse_int=_number)
    except (ValueError, RecursionError) as error:
        raise NpgptError(f"{path} is damaged: {error}") from error
    if not isinstance(content, dict):
        raise NpgptError(f"{path} is damaged: it holds no JSON object")
    return content


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) <= DIGITS else float(digits)
