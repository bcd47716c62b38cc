"""The far end of a ``Side``: builds the work once, then does it each time a line arrives.

    python -m benchmarks.child MODULE:FUNCTION '{"option": 1}'

The function is a context manager that gives ``run``, which does the work once and returns the
figure (seconds, megabytes) and a value that tells what came out. Nothing but answers goes to
standard output; whatever a library prints goes to standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[[], tuple[float, Any]]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that ``work`` takes, and what it returns."""
    start = time.perf_counter()
    value = work()
    return time.perf_counter() - start, value


def peak_memory() -> float:
    """The largest resident set of this process so far, in MB.

    Linux hands the ``ru_maxrss`` of a parent on to its child, but not the peak in /proc.
    """
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main(target: str, options: dict[str, Any]) -> None:
    """Answer ``{}`` when ready, then ``{"figure": ..., "value": ...}`` to every line."""
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)

        def answer(**content: Any) -> None:
            print(json.dumps(content), file=answers, flush=True)

        module, _, name = target.partition(":")
        try:
            with getattr(importlib.import_module(module), name)(**options) as run:
                answer()
                for _ in sys.stdin:
                    figure, value = run()
                    answer(figure=figure, value=value)
        except ModuleNotFoundError as error:
            answer(missing=f"{error.name} is not installed")


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
