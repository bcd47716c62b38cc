"""A training step of two MPI ranks of one thread each, beside one rank of one thread.

The figure is the time per batch of one rank. Two ranks either take a batch each at once, as
``mpiexec -n 2 npgpt train`` does, or halve one: less work between the same all-reduces. The matrix
products of a batch on one thread and on two say what the second core of this machine is worth.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.child import Run, timed
from benchmarks.comparison import Comparison
from benchmarks.limit import PRODUCTS, products_work
from benchmarks.plan import Plan, published_settings
from benchmarks.side import Work, alternate
from benchmarks.train import open_steps
from npgpt_train.loop.processes import MPIProcesses, Processes

ROUNDS = 10
RANKS = 2
BOTH = "2 ranks, a batch each"
POLL = 0.001  # seconds


def measure(plan: Plan) -> Iterator[Comparison]:
    """One alternation for every vocabulary, with the kernels that OpenBLAS chooses itself."""
    for vocab_size in plan.vocabularies:
        options = {"vocab_size": vocab_size, "tiny": plan.tiny}
        works = {
            "1 rank": Work("benchmarks.mpi:alone", options),
            BOTH: Work("benchmarks.mpi:together", {**options, "batches": RANKS}, RANKS),
            "2 ranks, half a batch each": Work(
                "benchmarks.mpi:together", {**options, "batches": 1}, RANKS
            ),
            f"{PRODUCTS} alone, 1 thread": products_work({**options, "threads": 1}),
            f"{PRODUCTS} alone, 2 threads": products_work({**options, "threads": RANKS}),
        }
        rounds = alternate(works, plan.environment, rounds=plan.rounds(ROUNDS))
        base = "1 rank" if BOTH in rounds.missing else BOTH
        yield Comparison("mpi", f"time a batch, V = {vocab_size}", base, rounds)


@contextmanager
def alone(vocab_size: int, tiny: bool) -> Iterator[Run]:
    """One step of one rank a turn."""
    with open_steps(published_settings(tiny, 1), vocab_size, Processes()) as steps:
        yield lambda: timed(lambda: next(steps)["loss"])


@contextmanager
def together(vocab_size: int, tiny: bool, batches: int) -> Iterator[Run]:
    """One step of all ranks a turn; its figure is the time divided by ``batches``."""
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    settings = published_settings(tiny, 1)
    rows = settings.batch_size * batches // comm.size
    settings = published_settings(tiny, 1, batch_size=rows)
    with open_steps(settings, vocab_size, MPIProcesses(comm)) as steps:
        if comm.rank > 0:
            _follow(comm, steps)
            raise SystemExit(0)

        def run() -> tuple[float, float]:
            _tell(comm, go_on=True)
            comm.Barrier()
            seconds, metrics = timed(lambda: next(steps))
            return seconds / batches, metrics["loss"]

        yield run
        _tell(comm, go_on=False)


def _tell(comm: Any, go_on: bool) -> None:
    for rank in range(1, comm.size):
        comm.send(go_on, dest=rank)


def _follow(comm: Any, steps: Iterator[dict[str, Any]]) -> None:
    """Do a step whenever rank 0 does; sleep between, for MPI itself waits at full speed."""
    while True:
        while not comm.iprobe(source=0):
            time.sleep(POLL)
        if not comm.recv(source=0):
            return
        comm.Barrier()
        next(steps)
