"""Ctrl-C, SIGTERM, a closed terminal: a run ends after its step; at the second signal, at once.

Before its first step there is nothing to save, and the first signal ends it at once.
"""

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
        super().__init__(f"{folder} stopped {f'after step {step}' if step else 'before a step'}")
        self.signal, self.folder, self.step = signal, folder, step


class Signals:
    """Which signal came, and what it does.

    Args:
        at_once: what the first signal raises, or None to hold it back.

    Attributes:
        number: of the first signal, 0 for none.
    """

    def __init__(self, at_once: Callable[[int], Interrupted] | None) -> None:
        self.at_once = at_once
        self.number = 0

    def defer(self) -> None:
        """From now on only note a signal in ``number``: the loop saves its work, then ends."""
        self.at_once = None


@contextmanager
def catching_signals(at_once: Callable[[int], Interrupted] | None = None) -> Iterator[Signals]:
    """Handle the first signal in a ``with`` block, as the ``Signals`` that it gives say.

    After the first one the system's own handlers are back: a second one ends the process at once.
    A closed terminal may signal twice, through its shell and the system, and counts once; under
    nohup it never counts. Outside the main thread nothing is handled.
    """
    signals = Signals(at_once)
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return

    def hold(number: int, frame: FrameType | None) -> None:
        signals.number = number
        for each in before:
            signal.signal(each, signal.SIG_IGN if each == HANGUP else signal.SIG_DFL)
        if signals.at_once is not None:
            raise signals.at_once(number)

    before = {each: signal.getsignal(each) for each in SIGNALS}
    if before.get(HANGUP) == signal.SIG_IGN:
        del before[HANGUP]
    for each in before:
        signal.signal(each, hold)
    try:
        yield signals
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
