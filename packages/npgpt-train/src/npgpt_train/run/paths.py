"""The folders of runs: whether there is a run in one, whether one is free, and which is next."""

import os
from pathlib import Path

from npgpt_core.errors import NpgptError
from npgpt_train.machine import lock
from npgpt_train.machine.disk import Folder
from npgpt_train.run import checkpoint
from npgpt_train.run.checkpoint import Checkpoints

RECORD = "run.json"  # a folder with it is a run
TOKENIZER = "tokenizer.json"
REPLACED = {TOKENIZER, RECORD, *checkpoint.POINTERS}
UNFINISHED = {lock.NAME, checkpoint.FOLDER, *REPLACED, *(f".{name}.new" for name in REPLACED)}
"""What is left by a process that dies before its run is made."""


def is_run(folder: str | Path) -> bool:
    """Whether there is a run in a folder."""
    return Folder(Path(folder)).has(RECORD)


def containing_folder(path: str | os.PathLike[str]) -> tuple[Folder, str]:
    """The run that contains a file, else the file's folder; and the file's path in it."""
    whole = Path(os.path.abspath(path))
    runs = [parent for parent in whole.parents if os.path.isfile(parent / RECORD)]
    if not runs:
        is_plain = Path(path).name == whole.name  # not "." or "..", whose parent is another
        return Folder(Path(path).parent if is_plain else whole.parent), whole.name
    return Folder(runs[-1]), whole.relative_to(runs[-1]).as_posix()


def check_free(folder: Path, or_else: str = "") -> set[str]:
    """Raise an ``NpgptError`` unless a new run can be made in ``folder``.

    What is left by a process that died before its run was made does not count; gives its names.
    ``or_else`` is what can be done with a run that is there.
    """
    if folder.exists() and not folder.is_dir():
        raise NpgptError(f"{folder} is a file, expected a folder for the run")
    there = set(Folder(folder).names())
    if RECORD in there:
        raise NpgptError(f"{folder} holds a run already: {or_else}choose another `out`")
    is_begun = checkpoint.FOLDER in there and Checkpoints(folder).steps() not in ([], [0])
    if there - UNFINISHED or is_begun:
        raise NpgptError(f"{folder} is not empty: choose another `out`")
    return there


def next_free(parent: Path, name: str) -> Path:
    """The first of ``parent/name-1``, ``parent/name-2``, ... that does not exist.

    What cannot be printed in the name, such as a line break, is ``-`` there.
    """
    name = "".join(character if character.isprintable() else "-" for character in name)
    number = 1
    while (parent / f"{name}-{number}").exists():
        number += 1
    return parent / f"{name}-{number}"
