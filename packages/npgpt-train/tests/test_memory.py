"""Memory that is kept, given back, or refused before it is taken."""

from types import SimpleNamespace

import pytest

from npgpt_core.errors import NpgptError
from npgpt_train.machine import memory


def test_what_was_kept_is_given_back_even_after_an_error(monkeypatch):
    now, trimmed = {}, []
    libc = SimpleNamespace(mallopt=now.__setitem__, malloc_trim=trimmed.append)
    monkeypatch.setattr(memory, "_glibc", lambda: libc)

    def work():
        assert now[memory.M_MMAP_MAX] == 0
        assert now[memory.M_TRIM_THRESHOLD] > 2**29
        assert not trimmed
        raise KeyError

    with pytest.raises(KeyError), memory.reuse_freed_memory():
        work()
    # as mallopt(3) gives them
    assert now[memory.M_MMAP_MAX] == 65536
    assert now[memory.M_TRIM_THRESHOLD] == now[memory.M_MMAP_THRESHOLD] == 128 * 1024
    assert trimmed == [0]


def test_without_glibc_nothing_is_done(monkeypatch):
    monkeypatch.setattr(memory, "_glibc", lambda: None)
    with memory.reuse_freed_memory():
        pass


@pytest.mark.parametrize(("size", "fits"), [(8 * 2**30, True), (8 * 2**30 + 1, False)])
def test_what_the_machine_has_not_is_refused(size, fits, monkeypatch):
    monkeypatch.setattr(memory, "physical_memory", lambda: 8 * 2**30)
    if fits:
        memory.require_memory(size, "it", "take less")
    else:
        told = "it takes at least 8 GiB, this machine has 8: take less"
        with pytest.raises(NpgptError, match=told):
            memory.require_memory(size, "it", "take less")


def test_a_machine_has_memory_or_does_not_tell(monkeypatch):
    assert 2**20 < memory.physical_memory() < 2**50
    monkeypatch.delattr(memory.os, "sysconf", raising=False)
    assert memory.physical_memory() == memory.UNKNOWN
