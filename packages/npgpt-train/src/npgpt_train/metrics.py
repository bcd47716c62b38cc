"""metrics.jsonl: one JSON object a line, appended as things happen."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, TextIO

from npgpt_core.errors import NpgptError

Metrics = list[dict[str, Any]]


class MetricsLog:
    """Appends events to a file in a ``with`` block; each line is handed to the system at once."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("a", encoding="utf-8")

    def append(self, event: Mapping[str, Any]) -> None:
        """Write one line."""
        self._file.write(json.dumps(event) + "\n")
        self._file.flush()

    def __enter__(self) -> Self:
        """The open log."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the file."""
        self._file.close()


def read_metrics(path: Path) -> Metrics:
    """The events of a file, up to a torn last line.

    Raises:
        NpgptError: a file that cannot be read, or a line before the last that is no event.
    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise NpgptError(f"cannot read {path}: {error.strerror}") from error
    events = []
    for number, line in enumerate(lines, start=1):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict) or type(event.get("step")) is not int:
            if number == len(lines):
                break
            raise NpgptError(f"line {number} of {path} is no event of a run")
        events.append(event)
    return events


def cut_metrics(path: Path, step: int) -> None:
    """Drop what came after ``step``, and a torn last line, so that a resumed run continues here."""
    kept = [event for event in read_metrics(path) if event["step"] <= step]
    beside = path.with_name(path.name + ".new")
    beside.write_text("".join(json.dumps(event) + "\n" for event in kept), encoding="utf-8")
    os.replace(beside, path)
