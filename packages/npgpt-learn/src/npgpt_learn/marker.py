"""Marking a learner's file in a process of its own: whatever the code does is answered in words."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import IO

from npgpt_learn.exercise import Exercise
from npgpt_learn.marking.limits import line_reached
from npgpt_learn.report import FAILED, REPORT, TRACE, Report

PATIENCE = 120.0  # seconds; the process itself ends after fewer
DRAIN = 1.0  # seconds, for what was printed last
SHOWN = 2_000  # characters of what the code prints


def mark_file(exercise: Exercise, file: Path) -> Report:
    """Mark a learner's file."""
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="npgpt-learn-") as folder:
        path = file.absolute()
        command = [sys.executable, "-P", "-m", "npgpt_learn.marking.child"]
        process = subprocess.Popen(
            [*command, str(exercise.folder), str(path), folder],
            cwd=path.parent,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout is not None
        output = Output(process.stdout)
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
        finally:
            _end(process)
        report = _report(Path(folder), process.returncode, str(path))
    seconds = round(time.perf_counter() - begin, 3)
    return replace(report, printed=output.text(), seconds=seconds)


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "OPENBLAS_NUM_THREADS": "1",  # small arrays; and each thread takes address space
        "PYTHONDONTWRITEBYTECODE": "1",  # nothing beside the learner's files
        "PYTHONIOENCODING": "utf-8:backslashreplace",
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process, and what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:  # Windows
            process.terminate()
    process.wait()


def _report(folder: Path, code: int, file: str) -> Report:
    """What the process wrote, or why it did not."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        return Report.from_json(json.loads((folder / REPORT).read_text(encoding="utf-8")))
    with contextlib.suppress(FileNotFoundError):
        if trace := (folder / TRACE).read_text(encoding="utf-8", errors="replace"):
            line = line_reached(trace, file)
            return Report(FAILED, "the code takes too long: does a loop never end?", line)
    if code < 0:
        return Report(FAILED, f"the system ended the code ({signal.Signals(-code).name})")
    return Report(FAILED, f"the code ended the process, with exit code {code}: leave that out")


class Output:
    """What a process prints: read to the end, so that it never waits, and kept from the beginning.

    Args:
        pipe: where it comes from.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self._kept = b""
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            while piece := pipe.read1(2**16):  # type: ignore[attr-defined]
                self._kept += piece[: 4 * SHOWN - len(self._kept)]

    def text(self) -> str:
        """What was printed; if it is long, its beginning.

        What the code started and did not end may hold the pipe open: nobody waits for that.
        """
        self._thread.join(DRAIN)
        text = self._kept.decode(errors="replace").replace("\r\n", "\n")
        return text if len(text) <= SHOWN else text[:SHOWN].rpartition("\n")[0] + "\n...\n"
