"""What the terminal is: one that a person looks at, or a pipe that wants plain lines."""

from __future__ import annotations

import sys


def is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()
