"""Several processes that train one model: each computes its rows, the gradients are summed by MPI.

``mpiexec -n 2 npgpt train --workers 1 ...`` starts two ranks. All hold the same weights and draw
the same global batch; after one all-reduce of one flat buffer a step they hold the same gradients,
and so make the same update. Rank 0 alone writes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.types import Array
from npgpt_train.interruption import Interrupted

SIZE_VARIABLES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS")
"""Where launchers (MPICH and Intel, Open MPI, Slurm) say how many ranks they started."""


class Processes:
    """One process alone: rank 0 of 1, nothing to exchange."""

    rank = 0
    size = 1

    def share(self, n: int) -> slice:
        """The rows of n that are this rank's."""
        return slice(n * self.rank // self.size, n * (self.rank + 1) // self.size)

    def sum_gradients(self, grads: Mapping[str, Array], loss: float) -> float:
        """Sum every gradient over the ranks, in place; gives the sum of the losses."""
        return loss

    def sum(self, value: float) -> float:
        """The sum of a number over the ranks."""
        return value

    def any(self, value: int) -> int:
        """The largest of a number over the ranks: what one has seen, all know."""
        return value

    def broadcast(self, value: Any) -> Any:
        """What rank 0 gives, on every rank."""
        return value

    @contextmanager
    def ending_together(self) -> Iterator[None]:
        """A ``with`` block that no process leaves by an exception while the others stay in it."""
        yield


class MPIProcesses(Processes):
    """The ranks of an MPI job.

    Args:
        comm: an ``mpi4py.MPI.Comm``.
    """

    def __init__(self, comm: Any) -> None:
        self.comm = comm
        self.rank = comm.Get_rank()
        self.size = comm.Get_size()

    def sum_gradients(self, grads: Mapping[str, Array], loss: float) -> float:
        """One all-reduce of one buffer: all gradients, and the loss in float64."""
        from mpi4py import MPI

        flat = np.concatenate([grad.reshape(-1) for grad in grads.values()])
        self.comm.Allreduce(MPI.IN_PLACE, flat)
        start = 0
        for grad in grads.values():
            grad.reshape(-1)[...] = flat[start : start + grad.size]
            start += grad.size
        return self.sum(loss)

    def sum(self, value: float) -> float:
        """The sum of a number over the ranks."""
        return float(self.comm.allreduce(value))

    def any(self, value: int) -> int:
        """The largest of a number over the ranks: what one has seen, all know."""
        from mpi4py import MPI

        return int(self.comm.allreduce(value, op=MPI.MAX))

    def broadcast(self, value: Any) -> Any:
        """What rank 0 gives, on every rank."""
        return self.comm.bcast(value, root=0)

    @contextmanager
    def ending_together(self) -> Iterator[None]:
        """An exception on one rank ends the job: the others would wait for that rank forever."""
        try:
            yield
        except Interrupted as stopped:  # all ranks leave after the same step; one says so
            if self.rank > 0:
                raise SystemExit(128 + stopped.signal) from None
            raise
        except BaseException as error:
            sys.stderr.write(
                f"Error: rank {self.rank} of {self.size} stopped: {type(error).__name__}: {error}."
                " The job ends; the run can be resumed from its last checkpoint\n"
            )
            sys.stderr.flush()
            self.comm.Abort(2 if isinstance(error, NpgptError) else 1)
            raise


def open_processes() -> Processes:
    """Find the job that a launcher started this process in, or none: one process alone.

    Raises:
        NpgptError: a launcher started several ranks, but mpi4py is not installed.
    """
    size = max(int(os.environ.get(name) or 1) for name in SIZE_VARIABLES)
    if size == 1:
        return Processes()
    try:
        from mpi4py import MPI
    except ImportError as error:
        raise NpgptError(
            f'{size} processes were started together: pip install "npgpt-train[mpi]" lets them'
            " train one model"
        ) from error
    return MPIProcesses(MPI.COMM_WORLD)
