"""The contract checks of observers: they take whatever a run tells, and leave nothing open."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from npgpt_core.events import Event
from npgpt_core.testing.checklist import Check, CheckList, require
from npgpt_core.testing.observers import runs
from npgpt_core.testing.shared import part_options

observers = CheckList("observer")


@dataclass(frozen=True)
class New:
    """An event of a class that no observer knows: a later npgpt may have more of them."""

    what: str = "new"


def observer_checks() -> Iterator[tuple[str, Check]]:
    """Id and function of every observer check; a function takes () -> observer."""
    return iter(observers)


@observers
def protocol(factory: Any) -> None:
    """An observer is a function of one event."""
    observer = factory()
    require(callable(observer), f"{observer!r:.60} cannot be called: add __call__(event)")


observers.include(part_options, lambda factory: ("observer", type(factory())))


@observers
def takes_a_whole_run(factory: Any) -> None:
    """It takes every event of a run from its preparation to its end, and raises nothing."""
    with _folder() as folder:
        _send(factory(), _whole(folder))


@observers
def takes_a_resumed_run(factory: Any) -> None:
    """It takes a run that was stopped after three steps, and a new one takes what follows."""
    with _folder() as folder:
        _send(factory(), [*runs.trained(folder, to=3), runs.stopped(folder)])
        _send(factory(), [*runs.trained(folder, step=3), runs.finished(folder)])


@observers
def takes_a_run_without_a_step(factory: Any) -> None:
    """It takes a run that ends before its first step, and one that ends before it started."""
    with _folder() as folder:
        _send(factory(), [*runs.begun(folder), runs.stopped(folder)])
        _send(factory(), [runs.stopped(folder)])


@observers
def takes_a_skipped_step(factory: Any) -> None:
    """It takes a step that was left out, which has neither loss nor norm."""
    with _folder() as folder:
        _send(factory(), [*runs.begun(folder), runs.skipped(1), runs.finished(folder)])


@observers
def takes_losses_that_are_not_finite(factory: Any) -> None:
    """It takes an evaluation whose losses are infinite or not a number."""
    with _folder() as folder:
        for loss in (float("inf"), float("nan")):
            _send(factory(), [*runs.begun(folder), runs.evaluated(2, loss), runs.finished(folder)])


@observers
def takes_any_sample(factory: Any) -> None:
    """It takes a sample of any characters: none, control characters, lone surrogates."""
    with _folder() as folder:
        for sample in ("", "\x00\x1b[2J\r\n", "naïve \U0001f600", "\ud800 \udfff"):
            _send(factory(), [*runs.trained(folder), runs.finished(folder, sample)])


@observers
def passes_over_unknown_events(factory: Any) -> None:
    """It passes over an event of a class that it does not know, at any time."""
    with _folder() as folder:
        new: Any = New()
        events = [each for event in _whole(folder) for each in (new, event)]
        _send(factory(), [*events, new])


@observers
def takes_runs_one_after_another(factory: Any) -> None:
    """The same observer takes several runs in turn, each in a folder of its own."""
    observer = factory()
    with _folder() as one, _folder() as other:
        _send(observer, _whole(one))
        _send(observer, [*runs.trained(other, to=3), runs.stopped(other)])
        _send(observer, _whole(one))


@observers
def closes_its_files(factory: Any) -> None:
    """After the last event of a run, whichever it is, no file in the run's folder is open."""
    for end in (runs.finished, runs.stopped):
        observer = factory()
        with _folder() as folder:
            _send(observer, [*runs.trained(folder), end(folder)])
            still = _open_files(folder)
            require(
                not still,
                f"{', '.join(still)} is open after {end.__name__.title()}: close it there, so that"
                " what was written is whole and the folder can be deleted",
            )


@observers
def follows_no_link(factory: Any) -> None:
    """Where a link stands in the place of what it writes, it writes nothing: runs are copied."""
    with _folder() as folder:
        _send(factory(), _whole(folder))
        written = {path.name: path.is_dir() for path in folder.iterdir()}
    for name, is_folder in written.items():
        with _folder() as folder, _folder() as elsewhere:
            target = elsewhere / name
            target.mkdir() if is_folder else target.touch()
            try:
                (folder / name).symlink_to(target, is_folder)
            except OSError:  # Windows lets not everybody make one
                return
            with suppress(Exception, SystemExit):
                _send(factory(), _whole(folder))
            untouched = not (os.listdir(target) if is_folder else target.read_bytes())
            require(
                untouched,
                f"{name} in the run's folder was a link, and what it leads to was written: refuse"
                " it, because a resumed run may be a stranger's",
            )


def _whole(folder: Path) -> list[Event]:
    return [*runs.trained(folder), runs.finished(folder)]


def _send(observer: Any, events: Iterable[Event]) -> None:
    for event in events:
        given = observer(event)
        require(
            not inspect.isawaitable(given),
            f"{type(event).__name__} gave what nobody awaits: write def, not async def",
        )


def _open_files(folder: Path) -> list[str]:
    """The names of files below a folder that this process holds open, where Linux tells."""
    found = []
    for descriptor in Path("/proc/self/fd").glob("*"):  # elsewhere there is none
        with suppress(OSError):  # that of the listing itself is closed again
            path = Path(os.readlink(descriptor))
            if path.is_relative_to(folder):
                found.append(path.name)
    return found


@contextmanager
def _folder() -> Iterator[Path]:
    """The folder of a run, as ``Started`` names it; Windows deletes no file that is open."""
    with TemporaryDirectory() as folder:
        yield Path(folder).resolve()
