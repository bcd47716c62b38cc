import os

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
