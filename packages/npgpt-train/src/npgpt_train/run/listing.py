"""The runs that there are below a folder, read without changing anything in them."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from npgpt_core.errors import NpgptError
from npgpt_train.machine.lock import is_held
from npgpt_train.run.folder import Run
from npgpt_train.run.paths import RECORD
from npgpt_train.run.state import Best

LATEST = 2**37  # seconds, in the year 6325: there are clocks that no calendar can follow


@dataclass(frozen=True)
class RunSummary:
    """One run of a list; of a damaged one nothing is known but the ``reason``.

    ``state`` is "running" (a process holds its lock), "unfinished", "finished", "imported" or
    "damaged", ``date`` when something was last written. The newest checkpoint is that of ``step``,
    of ``steps`` to do in all (None of an imported model); ``best_loss``, nats per token, is the
    lowest validation loss up to it.
    """

    folder: Path
    state: str
    date: datetime
    data: tuple[str, ...] = ()
    tokenizer: str | None = None
    model: str | None = None
    parameters: int | None = None
    step: int | None = None
    steps: int | None = None
    best_loss: float | None = None
    best_step: int | None = None
    reason: str = ""


def list_runs(folder: Path) -> list[RunSummary]:
    """The runs in a folder and its subfolders, that last written to first; links are not followed.

    Raises:
        NpgptError: the folder cannot be read.
    """
    entries = list(_find(folder))
    return sorted(entries, key=lambda entry: (entry.date, entry.folder), reverse=True)


def _find(folder: Path) -> Iterator[RunSummary]:
    """What is below a run is its own, and hidden folders are nobody's."""
    closed: list[OSError] = []
    for path, folders, files in os.walk(folder, onerror=closed.append):
        if RECORD in files:
            yield _entry(Path(path))
            folders.clear()
        folders[:] = [name for name in folders if not name.startswith(".")]
    for error in closed:
        reason = f"cannot read the folder {error.filename}: {error.strerror}"
        if error.filename == str(folder):
            raise NpgptError(reason) from error
        yield RunSummary(Path(error.filename), "damaged", _date(0), reason=reason)


def _entry(folder: Path) -> RunSummary:
    date = _date(0)
    try:
        date = _last_written(folder)
        run = Run.open(folder)
        done = run.checkpoints.steps()[-1:]
        best = run.checkpoints.load_state(done[0]).best if done else Best()
        imported = run.record.is_imported
        word = "imported" if imported else "finished" if run.is_finished else "unfinished"
        word = "running" if is_held(folder) else word
    except (NpgptError, OSError) as error:  # OSError: it vanished meanwhile
        reason = str(getattr(error, "strerror", error))
        return RunSummary(folder, "damaged", date, reason=reason)
    return RunSummary(
        folder=folder,
        state=word,
        date=date,
        data=run.settings.data,
        tokenizer=run.settings.tokenizer.name,
        model=run.settings.model.name,
        parameters=run.record.parameters,
        step=done[0] if done else 0,
        steps=None if imported else run.settings.max_iters,
        best_loss=best.loss if best.is_known else None,
        best_step=best.step if best.is_known else None,
    )


def _last_written(folder: Path) -> datetime:
    """The newest of the times of what is in a folder, of which nothing is opened."""
    with os.scandir(folder) as files:
        return _date(max(file.stat(follow_symlinks=False).st_mtime for file in files))


def _date(seconds: float) -> datetime:
    """Local time, whatever a stranger's file says."""
    return datetime.fromtimestamp(min(max(seconds, 0), LATEST)).astimezone()
