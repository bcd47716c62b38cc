"""TensorBoard's files hold what the run told, and the observer keeps every promise."""

import struct
from pathlib import Path

import npgpt_tensorboard
import pytest
from npgpt_tensorboard.observer import TensorBoard
from tensorboardX.proto.event_pb2 import Event

from npgpt_core import NpgptError
from npgpt_core.events import Evaluated, Finished, Started, Stepped, Stopped
from npgpt_core.testing import parametrize_with_checks

NUMBERS = {"grad_norm": 1.25, "lr": 3e-3, "tokens_per_second": 25_600.0, "seconds": 0.01}
LOSSES = {"step": 4, "train_loss": 3.0, "val_loss": 3.25}


@parametrize_with_checks("observer", TensorBoard)
def test_contract(check):
    check()


def started(folder, step=0):
    return Started(folder, {"lr": 3e-3}, step, 28_741, 65, 9_000, 1_000, 10_000)


def stepped(number):
    return Stepped({"step": number, "loss": 4.0 - number / 4, **NUMBERS})


def written(folder):
    """The events of all files of a folder; a record is its length, data and checksums."""
    for path in sorted((folder / "tensorboard").iterdir()):
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])
            yield Event.FromString(data[12 : 12 + length])
            data = data[16 + length :]


def curves(folder):
    """Tag -> step -> value."""
    found = {}
    for event in written(folder):
        for value in event.summary.value:
            if value.WhichOneof("value") == "simple_value":
                found.setdefault(value.tag, {})[event.step] = value.simple_value
    return found


def texts(folder):
    """Tag -> step and text."""
    return {
        value.tag: (event.step, value.tensor.string_val[0].decode())
        for event in written(folder)
        for value in event.summary.value
        if value.WhichOneof("value") == "tensor"
    }


def test_every_number_has_its_curve(tmp_path):
    observer = TensorBoard()
    skipped = Stepped({"step": 5, "skipped": True, "lr": 1e-3})
    end = Finished(tmp_path, LOSSES, "To be,\n\nor not", None, "", "", 1)
    for event in (started(tmp_path), *map(stepped, range(1, 5)), Evaluated(LOSSES, True), skipped):
        observer(event)
    observer(end)
    found = curves(tmp_path)
    assert found["step/loss"] == {1: 3.75, 2: 3.5, 3: 3.25, 4: 3.0}
    assert found["step/lr"] == pytest.approx({**dict.fromkeys((1, 2, 3, 4), 3e-3), 5: 1e-3})
    assert found["evaluation/val_loss"] == {4: 3.25}
    assert found.keys() == {
        *(f"step/{name}" for name in ("loss", *NUMBERS)),
        *("evaluation/train_loss", "evaluation/val_loss"),
    }
    assert texts(tmp_path) == {
        "settings/text_summary": (0, '    {\n      "lr": 0.003\n    }'),
        "sample/text_summary": (4, "    To be,\n    \n    or not"),
    }


def test_every_tenth_step_if_asked(tmp_path):
    observer = TensorBoard(every=10)
    for event in (started(tmp_path), *map(stepped, range(1, 31)), Stopped(tmp_path, "", 2)):
        observer(event)
    assert list(curves(tmp_path)["step/loss"]) == [10, 20, 30]
    with pytest.raises(NpgptError, match="every is 0"):
        TensorBoard(every=0)


def test_a_resumed_run_hides_what_was_written_after_its_checkpoint(tmp_path):
    for step in (0, 2):
        observer = TensorBoard()
        observer(started(tmp_path, step))
        observer(Stopped(tmp_path, "", 2))
    starts = [event.step for event in written(tmp_path) if event.HasField("session_log")]
    assert starts == [3]


def test_it_takes_fewer_than_80_lines():
    files = Path(npgpt_tensorboard.__file__).parent.glob("*.py")
    assert sum(len(file.read_text("utf-8").splitlines()) for file in files) < 80
