"""Ctrl-C, SIGTERM, a closed terminal: a run ends after its step; at the second signal, at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

HANGUP = getattr(signal, "SIGHUP", None)  # Windows has none
SIGNALS = tuple(filter(None, (signal.SIGINT, signal.SIGTERM, HANGUP)))


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
    That a terminal was closed may be told twice, by its shell and by the system, and counts once;
    under nohup it counts never. Outside the main thread signals belong to others.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: 0
        return

    def hold(number: int, frame: FrameType | None) -> None:
        received.append(number)
        for each in before:
            signal.signal(each, signal.SIG_IGN if each == HANGUP else signal.SIG_DFL)

    before = {each: signal.getsignal(each) for each in SIGNALS}
    if before.get(HANGUP) == signal.SIG_IGN:
        del before[HANGUP]
    for each in before:
        signal.signal(each, hold)
    try:
        yield lambda: received[0] if received else 0
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
