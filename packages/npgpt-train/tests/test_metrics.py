import pytest

from npgpt_core.errors import NpgptError
from npgpt_train.metrics import MetricsLog, cut_metrics, read_metrics

EVENTS = [{"step": 0, "val_loss": 4.0}, {"step": 1, "loss": 3.5}, {"step": 2, "loss": 3.25}]


@pytest.fixture
def path(tmp_path):
    with MetricsLog(tmp_path / "metrics.jsonl") as log:
        for event in EVENTS:
            log.append(event)
    return tmp_path / "metrics.jsonl"


def test_events_are_read_back(path):
    assert read_metrics(path) == EVENTS


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
    with MetricsLog(path) as log:
        log.append({"step": 2, "loss": 1.0})
    assert read_metrics(path)[-1] == {"step": 2, "loss": 1.0}


def test_a_metrics_file_without_an_end_is_not_read(tmp_path):
    (tmp_path / "metrics.jsonl").symlink_to("/dev/zero")
    with pytest.raises(NpgptError, match="is a link"):
        read_metrics(tmp_path / "metrics.jsonl")
