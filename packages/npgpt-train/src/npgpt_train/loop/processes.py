"""Several processes that train one model: each computes its rows, the gradients are summed by MPI.

``mpiexec -n 2 npgpt train --workers 1 ...`` starts two ranks. All hold the same weights and draw
the same global batch; after one all-reduce of one flat buffer a step they hold the same gradients,
and so make the same update. Rank 0 alone writes.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.escaping import printable
from npgpt_core.types import Array
from npgpt_train.machine.interruption import Interrupted

SIZE_VARIABLES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS")
"""Where launchers (MPICH and Intel, Open MPI, Slurm) say how many ranks they started."""

FORWARDING = 0.5
"""Seconds for a launcher to pass a message on: at the end of a job it drops what it has not."""


class Processes:
    """One process alone: rank 0 of 1, nothing to exchange."""

    rank = 0
    size = 1

    def own_rows(self, n: int) -> slice:
        """The rows of n that are this rank's."""
        return slice(n * self.rank // self.size, n * (self.rank + 1) // self.size)

    def sum_gradients(self, grads: Mapping[str, Array], loss: float) -> float:
        """Sum every gradient over the ranks, in place; gives the sum of the losses."""
        return loss

    def sum(self, value: float) -> float:
        """The sum of a number over the ranks."""
        return value

    def max(self, value: int) -> int:
        """The largest of a number over the ranks: what one has seen, all know."""
        return value

    def broadcast(self, value: Any) -> Any:
        """What rank 0 gives, on every rank."""
        return value

    @contextmanager
    def aborting_together(self) -> Iterator[None]:
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

    def max(self, value: int) -> int:
        """The largest of a number over the ranks: what one has seen, all know."""
        from mpi4py import MPI

        return int(self.comm.allreduce(value, op=MPI.MAX))

    def broadcast(self, value: Any) -> Any:
        """What rank 0 gives, on every rank."""
        return self.comm.bcast(value, root=0)

    @contextmanager
    def aborting_together(self) -> Iterator[None]:
        """An exception on one rank ends the job: the others would wait for that rank forever."""
        try:
            yield
        except Interrupted as stopped:  # all ranks leave after the same step; one says so
            if self.rank > 0:
                raise SystemExit(128 + stopped.signal) from None
            raise
        except BaseException as error:
            known = isinstance(error, NpgptError)
            what = str(error) if known else f"{type(error).__name__}: {error}"
            who = f"rank {self.rank} of {self.size}"
            try:
                _say(f"{who} ends the job: {what}. The run can be resumed")
            finally:  # even if standard error is closed
                self.comm.Abort(2 if known else 1)
            raise SystemExit(2 if known else 1) from error  # it may return before the job ends


def open_processes() -> Processes:
    """Find the job that a launcher started this process in, or none: one process alone.

    A rank that lacks mpi4py dies: the others may have it, and would wait for this one forever.

    Raises:
        NpgptError: a launcher's variable holds no number of ranks, or mpi4py is of another MPI.
    """
    size = max(_ranks(name) for name in SIZE_VARIABLES)
    if size == 1:
        return Processes()
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:  # RuntimeError: it finds no MPI library
        _die(f'a rank of {size} cannot join ({error}): pip install "npgpt-train[mpi]"')
    if MPI.COMM_WORLD.Get_size() == 1:
        library = MPI.Get_library_version().splitlines()[0]
        raise NpgptError(
            f"{size} processes were started together, but mpi4py sees one alone: it works with"
            f" {library}, start it with the mpiexec of that library"
        )
    return MPIProcesses(MPI.COMM_WORLD)


def _ranks(variable: str) -> int:
    """How many ranks a launcher's variable says there are; 1 where it is not set."""
    value = os.environ.get(variable) or "1"
    if not (value.isascii() and value.isdecimal() and len(value) < 10 and int(value) > 0):
        raise NpgptError(
            f"{variable} is {value!r:.40}, expected the number of ranks that a launcher of MPI"
            " started: unset it to train in one process"
        )
    return int(value)


def _say(what: str) -> None:
    """Tell on standard error why this process ends the job, and on which machine it runs."""
    sys.stderr.write(f"Error: {printable(what)} [{printable(socket.gethostname())}]\n")
    sys.stderr.flush()
    time.sleep(FORWARDING)


def _die(reason: str) -> NoReturn:
    """End by a signal: before MPI has begun, launchers do not end the job for an exit code."""
    _say(reason)
    signal.raise_signal(signal.SIGTERM)
    raise SystemExit(2)  # whoever called handles the signal
