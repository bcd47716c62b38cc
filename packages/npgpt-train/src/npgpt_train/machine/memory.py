"""Memory that a training step frees and the next one takes again, without the kernel in between.

glibc hands large freed blocks back to the kernel at once, and every page of a fresh block costs a
page fault: a tenth of a training step. While a ``reuse_freed_memory`` block lasts it keeps them.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from npgpt_core.errors import NpgptError

# the parameters of mallopt(3), by their numbers in <malloc.h>
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -3, -4, -8
KEEP = ((M_ARENA_MAX, 1), (M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1))
UNKNOWN = 2**47  # bytes, where the system does not say: more than processors can address
DEFAULTS = ((M_MMAP_MAX, 65536), (M_MMAP_THRESHOLD, 2**17), (M_TRIM_THRESHOLD, 2**17))


@contextmanager
def reuse_freed_memory() -> Iterator[None]:
    """Keep freed blocks in the process for the length of a ``with`` block, then give them back.

    Does nothing where the C library is not glibc.
    """
    libc = _glibc()
    if libc is None:
        yield
        return
    for parameter, value in KEEP:
        libc.mallopt(parameter, value)
    try:
        yield
    finally:
        for parameter, value in DEFAULTS:
            libc.mallopt(parameter, value)
        libc.malloc_trim(0)


def peak_memory() -> int:
    """The largest resident set of this process so far, in bytes; 0 where the system has no such."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def physical_memory() -> int:
    """Bytes of memory that the machine has; ``UNKNOWN`` where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows, and systems without the name
        return UNKNOWN


def require_memory(size: int, what: str, instead: str) -> None:
    """Refuse what takes ``size`` bytes and more, before any is taken.

    Raises:
        NpgptError: the machine has fewer; says ``what`` takes them, and what to do ``instead``.
    """
    memory = physical_memory()
    if size > memory:
        raise NpgptError(
            f"{what} takes at least {size / 2**30:,.0f} GiB, this machine has"
            f" {memory / 2**30:,.0f}: {instead}"
        )


def _glibc() -> ctypes.CDLL | None:
    try:
        libc = ctypes.CDLL("libc.so.6")
    except OSError:
        return None
    return libc if hasattr(libc, "gnu_get_libc_version") else None
