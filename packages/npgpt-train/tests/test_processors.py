import os

import pytest
from threadpoolctl import ThreadpoolController, threadpool_info

from npgpt_train.machine import processors
from npgpt_train.machine.processors import physical_cores


def test_hyper_threads_of_a_core_count_once(monkeypatch):
    siblings = {0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"}

    def read(path):
        cpu = int(path.parent.parent.name.removeprefix("cpu"))
        if cpu not in siblings:
            raise FileNotFoundError
        return siblings[cpu]

    monkeypatch.setattr("npgpt_train.machine.processors.Path.read_text", read)
    for cpus, cores in (({0}, 1), ({0, 2}, 1), ({0, 1}, 2), ({0, 1, 2, 3}, 2), ({0, 8, 9}, 3)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid, c=cpus: c, raising=False)
        assert physical_cores() == cores
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert physical_cores() == 7


def test_there_is_a_core():
    assert physical_cores() >= 1


def threads_of_blas():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(processors, "physical_cores", lambda: 2)


def seen(nbytes, items=70):
    """The threads of BLAS while each of some items is computed."""
    return [*processors.with_fastest_blas((threads_of_blas() for _ in range(items)), nbytes)]


@pytest.mark.parametrize("fastest", [1, 2])
def test_a_large_model_gets_the_threads_that_are_fastest(fastest, two_cores, monkeypatch):
    monkeypatch.setattr(processors, "_probe", lambda blas, threads: abs(threads - fastest))
    before = threads_of_blas()
    assert seen(processors.LARGE) == [{fastest}] * 70
    assert threads_of_blas() == before


def test_it_changes_its_mind_when_the_other_core_gets_busy(two_cores, monkeypatch):
    free = iter([True] * 2 + [False] * 4)  # a probe looks at one thread, then at two
    monkeypatch.setattr(processors, "_probe", lambda blas, n: n if not next(free) else -n)
    assert seen(processors.LARGE) == [{2}] * 32 + [{1}] * 38


def test_a_small_model_is_never_probed(two_cores, monkeypatch):
    monkeypatch.delattr(processors, "_probe")
    assert seen(processors.LARGE - 1) == [{1}] * 70


def test_a_probe_is_a_time_with_so_many_threads():
    blas = ThreadpoolController().select(user_api="blas")
    assert 0 < processors._probe(blas, 1) < 1
