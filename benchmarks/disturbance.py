"""What else the machine did during a measurement, from Linux's /proc/stat.

While all sides rest, whatever the processors do is the work of others. And a virtual machine counts
the time in which it wanted to run but its host let it wait.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

STAT = Path("/proc/stat")
QUIET = 0.03


class Disturbance(NamedTuple):
    """Shares of the time of all processors, from 0 to 1; None where the system does not say.

    Attributes:
        others: busy while all sides rested.
        withheld: by the host of a virtual machine, over the whole measurement.
    """

    others: float | None = None
    withheld: float | None = None

    def __str__(self) -> str:
        """A warning, empty if all was quiet."""
        parts = []
        if (self.others or 0) > QUIET:
            parts.append(f"other work kept {self.others:.0%} of the machine busy")
        if (self.withheld or 0) > QUIET:
            parts.append(f"the host of this virtual machine withheld {self.withheld:.0%} of it")
        return "DISTURBED: " + ", ".join(parts) if parts else ""


class Ticks(NamedTuple):
    """Clock ticks of all processors since the machine started."""

    busy: int
    stolen: int
    total: int


class Observer:
    """Rests between turns with open eyes."""

    def __init__(self) -> None:
        self._start = read_ticks()
        self._busy = self._rested = 0

    def rest(self, seconds: float) -> None:
        """Sleep, and count in the second half: threads that spin after their work stop first."""
        time.sleep(seconds / 2)
        before = read_ticks()
        time.sleep(seconds / 2)
        after = read_ticks()
        if before and after:
            self._busy += after.busy - before.busy
            self._rested += after.total - before.total

    @property
    def disturbance(self) -> Disturbance:
        """Since this observer began."""
        now = read_ticks()
        if self._start is None or now is None or not self._rested:
            return Disturbance()
        withheld = (now.stolen - self._start.stolen) / max(1, now.total - self._start.total)
        return Disturbance(self._busy / self._rested, withheld)


def read_ticks() -> Ticks | None:
    """The ticks so far; None where there is no /proc/stat."""
    if not STAT.exists():
        return None
    ticks = [int(n) for n in STAT.read_text().splitlines()[0].split()[1:9]]
    idle, waiting, stolen = ticks[3], ticks[4], ticks[7]
    return Ticks(sum(ticks) - idle - waiting - stolen, stolen, sum(ticks))
