"""The threads of BLAS: one, or for large models as many as are fastest."""

import pytest
from threadpoolctl import ThreadpoolController, threadpool_info

from npgpt_train.machine import blas as blas_threads


def threads_of_blas():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(blas_threads, "physical_cores", lambda: 2)


def seen(nbytes, items=70):
    """The threads of BLAS while each of some items is computed."""
    return [*blas_threads.with_fastest_blas((threads_of_blas() for _ in range(items)), nbytes)]


@pytest.mark.parametrize("fastest", [1, 2])
def test_a_large_model_gets_the_threads_that_are_fastest(fastest, two_cores, monkeypatch):
    monkeypatch.setattr(blas_threads, "_probe", lambda blas, threads: abs(threads - fastest))
    before = threads_of_blas()
    assert seen(blas_threads.LARGE) == [{fastest}] * 70
    assert threads_of_blas() == before


def test_it_changes_its_mind_when_the_other_core_gets_busy(two_cores, monkeypatch):
    free = iter([True] * 2 + [False] * 4)  # a probe looks at one thread, then at two
    monkeypatch.setattr(blas_threads, "_probe", lambda blas, n: n if not next(free) else -n)
    assert seen(blas_threads.LARGE) == [{2}] * 32 + [{1}] * 38


def test_a_small_model_is_never_probed(two_cores, monkeypatch):
    monkeypatch.delattr(blas_threads, "_probe")
    assert seen(blas_threads.LARGE - 1) == [{1}] * 70


def test_a_probe_is_a_time_with_so_many_threads():
    blas = ThreadpoolController().select(user_api="blas")
    assert 0 < blas_threads._probe(blas, 1) < 1
