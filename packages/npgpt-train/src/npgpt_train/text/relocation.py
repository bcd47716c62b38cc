"""Finding the text of a run again, from any folder and after it moved."""

import glob
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from npgpt_core.errors import NpgptError
from npgpt_core.shell import command
from npgpt_train.text.corpus import Corpus
from npgpt_train.text.datasets.finding import exists
from npgpt_train.text.record import TextRecord


def find_text(
    names: Sequence[str],
    recorded: TextRecord,
    is_dataset: bool,
    where: Path,
    read: Callable[[Sequence[str]], Corpus],
) -> Corpus:
    """The text that a run was trained on; its digest tells it from all others.

    Relative paths lead from the current folder, or from that in which the run was started.
    ``where`` is the run, for messages; ``read`` opens the text of a dataset or of paths.

    Raises:
        NpgptError: there is no text, or another one.
    """
    started_in = recorded.folder or ""
    places = [tuple(names)]
    if not is_dataset and started_in != _current_folder():
        places.append(tuple(_relative_to(started_in, name) for name in names))
    found = []
    for place in dict.fromkeys(places):
        if not (is_dataset or all(map(exists, place))):
            continue
        try:
            corpus = read(place)
        except NpgptError as error:
            found.append(str(error))
        else:
            if corpus.sha256 == recorded.sha256:
                return corpus
            found.append(f"{command(*place)} has {corpus.sha256} now")
    advice = f"say where it is: train with `resume=True` `out={where}` `data=PATH`"
    if not found:
        missing = ", nor ".join(command(*place) for place in dict.fromkeys(places))
        raise NpgptError(f"the data of {where} is not found, there is no {missing}: {advice}")
    raise NpgptError(
        f"the data of {where} changed: it was trained on a text with SHA-256 {recorded.sha256},"
        f" {', '.join(found)}. Restore it, or {advice}"
    )


def _current_folder() -> str:
    """The current folder; nothing if it was deleted."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""


def _relative_to(folder: str, name: str) -> str:
    """A path or glob, relative to a folder whose own name is no pattern."""
    path = os.path.join(folder, name)
    return path if os.path.exists(path) else os.path.join(glob.escape(folder), name)
