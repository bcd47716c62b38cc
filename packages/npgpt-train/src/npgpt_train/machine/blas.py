"""The threads that BLAS computes a matrix product with."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import count
from typing import TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController, threadpool_limits

from npgpt_train.machine.processors import physical_cores

T = TypeVar("T")
LARGE = 64 * 2**20  # bytes: more than the caches of a processor hold
PROBE = 2048  # rows and columns of a matrix, as large as those of a large model
PROBE_EVERY = 32  # items


def one_blas_thread() -> AbstractContextManager[object]:
    """Hold BLAS to one thread in a ``with`` block: of small products, threads only make delays."""
    return threadpool_limits(1, user_api="blas")


def with_fastest_blas(items: Iterator[T], nbytes: int) -> Iterator[T]:
    """Yield ``items``; while one is computed, BLAS has one thread, or one a core if that is faster.

    A new token reads every weight of a model from memory, and two cores read faster than one. But
    the threads of BLAS wait for each other without a pause: beside a core that is busy with other
    work, they are many times slower than one. So a product is timed both ways, now and then. With
    the kernels of OpenBLAS, both ways give the same bits.

    Args:
        items: such as the tokens of ``generation.stream``, computed when they are asked for.
        nbytes: of the model; for less than 64 MB it is always one thread.
    """
    blas = ThreadpoolController().select(user_api="blas")
    counts = sorted({1, physical_cores() if nbytes >= LARGE else 1})
    threads = 1
    for i in count():
        if i % PROBE_EVERY == 0 and len(counts) > 1:
            threads = min(counts, key=lambda threads: _probe(blas, threads))
        with blas.limit(limits=threads):
            try:
                item = next(items)
            except StopIteration:
                return
        yield item


def _probe(blas: ThreadpoolController, threads: int) -> float:
    """The shortest time of a matrix-vector product on so many threads, in seconds."""
    matrix, x = np.ones((PROBE, PROBE), np.float32), np.ones(PROBE, np.float32)
    times = []
    with blas.limit(limits=threads):
        for _ in range(5):
            start = time.perf_counter()
            x @ matrix
            times.append(time.perf_counter() - start)
    return min(times)
