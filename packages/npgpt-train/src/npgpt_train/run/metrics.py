"""metrics.jsonl: one JSON object a line, appended as things happen."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError
from npgpt_train.machine.disk import Folder
from npgpt_train.machine.json_text import parse_json

Metrics = list[dict[str, Any]]
Events = Sequence[Mapping[str, Any]]

STEP = frozenset({"loss", "grad_norm", "tokens_per_second", "seconds"})
METRICS = "metrics.jsonl"
EVALUATION = frozenset({"train_loss", "val_loss"})
MAX_LINE = 2**16  # bytes


class MetricsLog:
    """Appends events to a file until ``close``; each line is handed to the system at once.

    Args:
        path: of the file; None for a process that keeps no log.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = Folder(path.parent).append(path.name) if path else None

    def append(self, event: Mapping[str, Any]) -> None:
        """Write one line."""
        if self._file is not None:
            self._file.write(json.dumps(event).encode() + b"\n")
            self._file.flush()

    def sync(self) -> None:
        """Wait until all lines are on the disk."""
        if self._file is not None:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def read_metrics(path: Path) -> Metrics:
    """The events of a file, up to a torn last line.

    Raises:
        NpgptError: a file that cannot be read, or a line before the last that is no event.
    """
    folder = Folder(path.parent)
    if not folder.has(path.name):
        return []
    events: Metrics = []
    torn = 0
    for number, line in enumerate(folder.lines(path.name, MAX_LINE), start=1):
        if torn:
            raise NpgptError(f"line {torn} of {path} is no event of a run")
        event = _parse(line)
        if event is None:
            torn = number  # fine if nothing follows
        else:
            events.append(event)
    return events


def require_whole(metrics: Metrics, path: Path) -> None:
    """Raise an ``NpgptError`` unless these are the events of a run that came to its end."""
    for event in metrics:
        for mark, names in (("loss", STEP), ("train_loss", EVALUATION), ("val_loss", EVALUATION)):
            if mark in event and not names <= event.keys():
                missing = ", ".join(sorted(names - event.keys()))
                raise NpgptError(f"{path} is damaged: step {event['step']} has no {missing}")
    if not any("val_loss" in event and event["step"] > 0 for event in metrics):
        raise NpgptError(f"{path} holds no evaluation after a step: restore it, or train once more")


def _parse(line: bytes) -> dict[str, Any] | None:
    """An event: ``step`` and numbers; None for anything else, and for a line without its end."""
    if not line.endswith(b"\n"):
        return None
    try:
        event = parse_json(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or type(event.get("step")) is not int:
        return None
    fit = all(type(value) in (int, float, bool) for value in event.values())
    return event if fit and 0 <= event["step"] < 2**53 else None


def cut_metrics(path: Path, step: int) -> None:
    """Drop what came after ``step``, and a torn last line, so that a resumed run continues here."""
    kept = [event for event in read_metrics(path) if event["step"] <= step]
    lines = "".join(json.dumps(event) + "\n" for event in kept)
    Folder(path.parent).replace(path.name, lines.encode())


def steps_in(metrics: Events) -> Events:
    """The steps that were taken."""
    return [event for event in metrics if "loss" in event]


def evaluations_in(metrics: Events) -> Events:
    """The evaluations, the first one before any step."""
    return [event for event in metrics if "val_loss" in event]
