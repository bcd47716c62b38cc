"""Ctrl-C and SIGTERM: the first one ends a run after its step, the second one at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(Exception):
    """A run was asked to end; its newest checkpoint is that of its last step.

    Args:
        signal: the number of the signal.
        folder: of the run.
        step: how many steps are done.
    """

    def __init__(self, signal: int, folder: Path, step: int) -> None:
        super().__init__(f"{folder} stopped after step {step}")
        self.signal, self.folder, self.step = signal, folder, step


@contextmanager
def listening() -> Iterator[Callable[[], int]]:
    """Hold back the first signal in a ``with`` block; gives what says which came, 0 for none.

    After the first one the system's own handling is back: a second one ends the process at once.
    Outside the main thread signals belong to others, and none is held back.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: 0
        return

    def hold(number: int, frame: FrameType | None) -> None:
        received.append(number)
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)

    before = {each: signal.signal(each, hold) for each in SIGNALS}
    try:
        yield lambda: received[0] if received else 0
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
