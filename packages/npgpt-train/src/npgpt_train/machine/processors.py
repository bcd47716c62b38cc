"""The processor cores that this process may use, and the threads that BLAS takes of them."""

import os
from contextlib import AbstractContextManager
from pathlib import Path

from threadpoolctl import threadpool_limits


def one_blas_thread() -> AbstractContextManager[object]:
    """Hold BLAS to one thread in a ``with`` block: of small products, threads only make delays."""
    return threadpool_limits(1, user_api="blas")


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
