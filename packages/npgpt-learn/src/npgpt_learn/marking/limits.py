"""What a learner's code may take of the machine: time and memory."""

import faulthandler
import io
import re
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import TextIO

MEMORY = 2**30  # bytes
LINES = 10_000  # that may be printed

_FRAME = re.compile(r'File "(?P<file>.+)", line (?P<line>\d+)')


def limit_time(seconds: float, trace: TextIO) -> None:
    """End the process if it still runs after ``seconds``, and write where it was into ``trace``.

    This needs nothing of the interpreter, so that it ends a product of huge matrices too.
    """
    faulthandler.dump_traceback_later(seconds, exit=True, file=trace)


def line_reached(trace: str, file: str) -> int:
    """The number of the innermost line of a file in what ``limit_time`` wrote; 0 if none."""
    frames = (match for match in _FRAME.finditer(trace))
    return next((int(frame["line"]) for frame in frames if frame["file"] == file), 0)


class LimitedOutput(io.TextIOWrapper):
    """Standard output that takes ``LINES`` lines, or as many characters as these may have."""

    left = 80 * LINES

    def write(self, text: str) -> int:
        """Write text.

        Raises:
            TooMuchOutput: it was too much.
        """
        self.left -= max(len(text), 80 * text.count("\n"))
        if self.left < 0:
            raise TooMuchOutput(f"the code prints more than {LINES:,} lines")
        return super().write(text)


class TooMuchOutput(BaseException):
    """No ``Exception``, because a learner's code may catch those."""


def limit_memory(stop: Callable[[str], None]) -> None:
    """Let what needs too much memory raise a ``MemoryError``, or ``stop`` it and say why.

    Where the system limits no process (macOS, Windows), Python counts what it and NumPy take.
    """
    try:
        import resource
    except ImportError:  # Windows
        resource = None  # type: ignore[assignment]
    if resource is not None and sys.platform != "darwin":
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, most))
        return
    tracemalloc.start()
    threading.Thread(target=_count, args=(stop,), daemon=True).start()


def _count(stop: Callable[[str], None]) -> None:
    while tracemalloc.get_traced_memory()[0] < MEMORY:
        time.sleep(0.02)
    stop(f"the code needs more memory than it may take ({MEMORY / 2**30:g} GiB)")
