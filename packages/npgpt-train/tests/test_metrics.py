import os
from contextlib import closing

import pytest

from npgpt_core.errors import NpgptError
from npgpt_train.run.metrics import MetricsLog, cut_metrics, read_metrics, require_whole

EVENTS = [{"step": 0, "val_loss": 4.0}, {"step": 1, "loss": 3.5}, {"step": 2, "loss": 3.25}]


@pytest.fixture
def path(tmp_path):
    with closing(MetricsLog(tmp_path / "metrics.jsonl")) as log:
        for event in EVENTS:
            log.append(event)
    return tmp_path / "metrics.jsonl"


def test_events_are_read_back(path):
    assert read_metrics(path) == EVENTS


@pytest.mark.once
def test_syncing_waits_for_the_disk(path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(os.fstat(number).st_ino))
    with closing(MetricsLog(path)) as log:
        log.append({"step": 3})
        log.sync()
    assert synced == [path.stat().st_ino]
    MetricsLog(None).sync()
    assert len(synced) == 1


def test_no_file_is_no_events(tmp_path):
    assert read_metrics(tmp_path / "none.jsonl") == []


@pytest.mark.parametrize(
    "torn",
    [
        *[b'{"step": 3, "lo', b"\xff\xfe", b'{"loss": 1}\n', b"[1]\n", b'{"step": 3}'],
        *[b'{"step": 3, "loss": "x"}\n', b'{"step": -1}\n', b'{"step": 1e999}\n', b"[" * 9999],
    ],
)
def test_a_torn_last_line_is_left_out(path, torn):
    path.write_bytes(path.read_bytes() + torn)
    assert read_metrics(path) == EVENTS


def test_a_damaged_line_before_the_last_is_named(path):
    path.write_bytes(b"nonsense\n" + path.read_bytes())
    with pytest.raises(NpgptError, match="line 1"):
        read_metrics(path)


def test_cutting_drops_later_events_and_torn_lines(path):
    path.write_bytes(path.read_bytes() + b'{"step"')
    cut_metrics(path, 1)
    assert read_metrics(path) == EVENTS[:2]
    with closing(MetricsLog(path)) as log:
        log.append({"step": 2, "loss": 1.0})
    assert read_metrics(path)[-1] == {"step": 2, "loss": 1.0}


def test_a_metrics_file_without_an_end_is_not_read(tmp_path):
    (tmp_path / "metrics.jsonl").symlink_to("/dev/zero")
    with pytest.raises(NpgptError, match="is a link"):
        read_metrics(tmp_path / "metrics.jsonl")


@pytest.mark.parametrize("number", ["1" + "0" * 399, "-1" + "0" * 399, "1" + "0" * 4999])
@pytest.mark.parametrize("name", ["step", "loss"])
def test_a_whole_number_of_hundreds_of_digits_is_no_event(number, name, path):
    line = {"step": "1", "loss": "2", name: number}
    damaged = "{" + ", ".join(f'"{key}": {value}' for key, value in line.items()) + "}\n"
    path.write_text(damaged + path.read_text())
    with pytest.raises(NpgptError, match=r"line 1 of .* is no event"):
        read_metrics(path)


@pytest.mark.parametrize(
    ("events", "fault"),
    [
        ([], "holds no evaluation after a step"),
        ([{"step": 0, "train_loss": 1.0, "val_loss": 1.0}], "holds no evaluation after a step"),
        ([{"step": 1, "train_loss": 1.0}], "step 1 has no val_loss"),
        ([{"step": 1, "val_loss": 1.0}], "step 1 has no train_loss"),
        ([{"step": 1, "loss": 1.0, "seconds": 1.0}], "step 1 has no grad_norm, tokens_per_second"),
    ],
)
def test_events_that_are_not_those_of_a_finished_run_are_refused(events, fault, path):
    with pytest.raises(NpgptError, match=fault):
        require_whole(events, path)
    whole = {"step": 1, "train_loss": 1.0, "val_loss": 1.0}
    skipped = {"step": 1, "skipped": True, "seconds": 1.0, "tokens_per_second": 1.0}
    require_whole([{"step": 0, "train_loss": 1.0, "val_loss": 1.0}, skipped, whole], path)
