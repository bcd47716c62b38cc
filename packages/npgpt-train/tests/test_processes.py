"""What launchers say of a job, and how several processes start and end together (without MPI)."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from npgpt_core.errors import NpgptError
from npgpt_train.loop import processes
from npgpt_train.loop.processes import SIZE_VARIABLES, MPIProcesses, Processes, open_processes
from npgpt_train.machine.interruption import Interrupted


@pytest.fixture(autouse=True)
def no_launcher(monkeypatch):
    for name in SIZE_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", SIZE_VARIABLES)
@pytest.mark.parametrize("value", ["abc", "0", "-1", "1.5", "²", "9" * 30])
def test_a_number_of_ranks_that_is_none_is_one_error(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(NpgptError, match=f"{name} is '{value[:20]}.*expected the number of ranks"):
        open_processes()


@pytest.mark.parametrize("value", ["1", ""])
def test_one_rank_is_a_process_alone(value, monkeypatch):
    monkeypatch.setenv(SIZE_VARIABLES[0], value)
    assert open_processes().size == 1


# --------------------------------------------------------------- ranks that all do the same


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("n", [0, 1, 6, 7, 20])
def test_every_row_is_the_share_of_one_rank(size, n):
    rows = []
    for rank in range(size):
        each = Processes()
        each.rank, each.size = rank, size
        mine = list(range(n))[each.own_rows(n)]
        assert n // size <= len(mine) <= -(-n // size)
        rows += mine
    assert rows == list(range(n))


class Equals:
    """The communicator of a rank whose others hold the same numbers as it, which rank 0 sent."""

    aborted = None

    def __init__(self, rank, size, sent=None):
        self.rank, self.size, self.sent = rank, size, sent

    def Get_rank(self):
        return self.rank

    def Get_size(self):
        return self.size

    def Allreduce(self, place, flat):
        assert place == "in place"
        flat *= self.size

    def allreduce(self, value, op="sum"):
        return value * self.size if op == "sum" else value

    def bcast(self, value, root):
        return value if self.rank == root else self.sent

    def Abort(self, code):
        self.aborted = code


@pytest.fixture(autouse=True)
def mpi(monkeypatch):
    module = SimpleNamespace(IN_PLACE="in place", MAX="max")
    monkeypatch.setitem(sys.modules, "mpi4py", SimpleNamespace(MPI=module))
    monkeypatch.setattr(processes, "FORWARDING", 0)
    return module


def test_all_gradients_are_summed_in_place_and_the_loss():
    rank = MPIProcesses(Equals(1, 3, sent="heard"))
    rng = np.random.default_rng(0)
    grads = {"a": rng.normal(size=(2, 3)), "b": rng.normal(size=()), "c": rng.normal(size=4)}
    before = {name: grad.copy() for name, grad in grads.items()}
    assert rank.sum_gradients(grads, 0.5) == 1.5
    for name, grad in grads.items():
        np.testing.assert_allclose(grad, 3 * before[name])
    assert (rank.sum(2.0), rank.max(15)) == (6.0, 15)
    assert (rank.broadcast(None), MPIProcesses(Equals(0, 3)).broadcast("said")) == ("heard", "said")
    assert (rank.rank, rank.size) == (1, 3)


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (NpgptError("the disk is full"), 2, "rank 1 of 3 ends the job: the disk is full."),
        (KeyError("x"), 1, "rank 1 of 3 ends the job: KeyError: 'x'."),
        (KeyboardInterrupt(), 1, "rank 1 of 3 ends the job: KeyboardInterrupt: ."),
    ],
)
def test_an_exception_on_one_rank_ends_the_job_with_its_reason(error, code, told, capsys):
    comm = Equals(1, 3)
    with pytest.raises(SystemExit) as caught, MPIProcesses(comm).aborting_together():
        raise error
    assert (caught.value.code, comm.aborted) == (code, code)
    assert told in capsys.readouterr().err


def test_after_a_signal_all_ranks_leave_and_the_first_says_so():
    stopped = Interrupted(15, Path("run"), 3)
    for rank, leaves in ((0, Interrupted), (2, SystemExit)):
        comm = Equals(rank, 3)
        with pytest.raises(leaves) as caught, MPIProcesses(comm).aborting_together():
            raise stopped
        assert comm.aborted is None
    assert caught.value.code == 128 + 15


def test_a_block_that_ends_well_ends_nothing():
    comm = Equals(0, 3)
    with MPIProcesses(comm).aborting_together():
        pass
    assert comm.aborted is None


def test_a_launcher_and_its_mpi_make_a_rank(mpi, monkeypatch):
    monkeypatch.setenv(SIZE_VARIABLES[0], "3")
    mpi.COMM_WORLD = Equals(2, 3)
    found = open_processes()
    assert (type(found), found.rank, found.size) == (MPIProcesses, 2, 3)
    mpi.COMM_WORLD = Equals(0, 1)
    mpi.Get_library_version = lambda: "Odd MPI 1.0\nof somebody"
    with pytest.raises(
        NpgptError, match=r"3 processes were started .*works with Odd MPI 1.0, start"
    ):
        open_processes()
