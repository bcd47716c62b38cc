"""The processor cores that this process may use."""

import os
from pathlib import Path


def physical_cores() -> int:
    """Cores that this process may use, hyper-threads of one core counted once where known."""
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    return len(set(map(_siblings, os.sched_getaffinity(0))))


def _siblings(cpu: int) -> str:
    """The hyper-threads of a core, as Linux lists them; the one that was asked about elsewhere."""
    topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
    try:
        return topology.read_text()
    except OSError:
        return str(cpu)
