import json
import os
import tracemalloc

import numpy as np
import pytest
import safetensors.numpy

from npgpt_core.errors import NpgptError
from npgpt_core.module import Module
from npgpt_train.run.checkpoint import Checkpoint, Checkpoints
from npgpt_train.run.state import Best


def _checkpoint(step, best=0):
    rng = np.random.default_rng(step)
    model = {"a.weight": rng.normal(size=(3, 2)).astype(np.float32), "b": np.zeros(0, np.float32)}
    optimizer = {"m.a.weight": rng.normal(size=(3, 2)), "t": step, "rate": 0.1}
    return Checkpoint(step, model, optimizer, Best(best, 1.5))


SIZE = 24  # bytes of the parameters


def _same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert np.array_equal(value, other[name])
        assert np.asarray(value).dtype == np.asarray(other[name]).dtype


def test_what_was_saved_is_loaded(tmp_path):
    saved = _checkpoint(20)
    Checkpoints(tmp_path).save(saved, keep=3)
    loaded = Checkpoints(tmp_path).load(20, SIZE)
    _same(saved.model, loaded.model)
    _same(saved.optimizer, loaded.optimizer)
    assert loaded.best == saved.best


def test_the_same_checkpoint_is_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Checkpoints(tmp_path / name).save(_checkpoint(7), keep=3)
    one, other = (tmp_path / name / "checkpoints/step-000007" for name in ("a", "b"))
    for file in one.iterdir():
        assert file.read_bytes() == (other / file.name).read_bytes()


def test_the_last_three_and_the_best_are_kept(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for step in (10, 20, 30, 40, 50, 60):
        checkpoints.save(_checkpoint(step, best=20 if step >= 20 else 0), keep=3)
    assert checkpoints.steps() == [20, 40, 50, 60]
    assert (checkpoints.pointer("best"), checkpoints.pointer("latest")) == (20, 60)
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoints", "best", "latest"}


def test_a_step_saved_again_replaces_itself(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for _ in range(2):
        checkpoints.save(_checkpoint(5), keep=3)
    assert [path.name for path in checkpoints.folder.iterdir()] == ["step-000005"]


def test_an_unfinished_folder_is_no_checkpoint(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    (checkpoints.folder / ".step-000005.new").mkdir(parents=True)
    assert checkpoints.steps() == []
    assert checkpoints.pointer("latest") is None
    checkpoints.save(_checkpoint(6), keep=3)
    assert [path.name for path in checkpoints.folder.iterdir()] == ["step-000006"]


def test_checkpoints_between_the_regular_ones_go_first(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for step in (10, 20, 23, 30, 37, 40):
        checkpoints.save(_checkpoint(step), keep=2, every=10)
    assert checkpoints.steps() == [30, 40]
    checkpoints.save(_checkpoint(44), keep=2, every=10)
    assert checkpoints.steps() == [30, 40, 44]


def test_pointers_are_mended(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for step in (10, 20):
        checkpoints.save(_checkpoint(step, best=10), keep=3)
    (tmp_path / "latest").unlink()
    (tmp_path / "best").write_text("step-000020\n")
    checkpoints.point(20, 10)
    assert (checkpoints.pointer("latest"), checkpoints.pointer("best")) == (20, 10)


def test_a_run_that_vanished_is_not_made_again(tmp_path):
    with pytest.raises(FileNotFoundError):
        Checkpoints(tmp_path / "gone").save(_checkpoint(5), keep=3)
    assert not (tmp_path / "gone").exists()


TERABYTE = 2**40
HEADER = (
    f'{{"a":{{"dtype":"F32","shape":[{TERABYTE}],"data_offsets":[0,{4 * TERABYTE}]}}}}'.encode()
)


def test_a_file_too_large_for_the_model_is_not_read(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(_checkpoint(5), keep=3)
    path = checkpoints.folder / "step-000005/model.safetensors"
    path.write_bytes(len(HEADER).to_bytes(8, "little") + HEADER)
    os.truncate(path, 8 + len(HEADER) + 4 * TERABYTE)  # holes
    with pytest.raises(NpgptError, match="expected at most"):
        checkpoints.load_model(5, SIZE)


def test_a_header_that_claims_terabytes_is_damage(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(_checkpoint(5), keep=3)
    path = checkpoints.folder / "step-000005/model.safetensors"
    path.write_bytes(len(HEADER).to_bytes(8, "little") + HEADER)
    with pytest.raises(NpgptError, match="damaged"):
        checkpoints.load_model(5, SIZE)


class Table(Module):
    def __init__(self):
        super().__init__()
        self.parameter("table", np.zeros((1000, 1000)))

    def forward(self): ...

    def backward(self): ...


def test_a_model_takes_no_second_copy_of_its_parameters(tmp_path):
    saved = np.random.default_rng(0).normal(size=(1000, 1000)).astype(np.float32)
    Checkpoints(tmp_path).save(Checkpoint(5, {"table": saved}, {}), keep=3)
    model = Table()
    tracemalloc.start()
    try:
        Checkpoints(tmp_path).load_into(model, 5)
        assert tracemalloc.get_traced_memory()[1] < model.nbytes / 2
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(model.table, saved)


@pytest.mark.parametrize("arrays", [{}, {"table": np.zeros((2, 2))}, {"other": np.zeros(1)}])
def test_parameters_of_another_model_do_not_fit(arrays, tmp_path):
    Checkpoints(tmp_path).save(Checkpoint(5, arrays, {}), keep=3)
    with pytest.raises(NpgptError, match="does not fit Table"):
        Checkpoints(tmp_path).load_into(Table(), 5)


@pytest.mark.parametrize("name", ["state.json", "model.safetensors"])
def test_a_link_out_of_the_run_is_not_followed(name, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    checkpoints = Checkpoints(run)
    checkpoints.save(_checkpoint(5), keep=3)
    path = checkpoints.folder / "step-000005" / name
    path.rename(tmp_path / name)
    path.symlink_to(tmp_path / name)
    with pytest.raises(NpgptError, match="is a link"):
        checkpoints.load(5, SIZE)


def test_a_device_is_not_read(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(_checkpoint(5), keep=3)
    path = checkpoints.folder / "step-000005/model.safetensors"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(NpgptError, match="is a device, pipe or socket"):
        checkpoints.load_model(5, SIZE)


@pytest.mark.parametrize(
    ("early", "best"),
    [
        ({"best_val_loss": 1.5, "best_step": 3}, Best(3, 1.5)),
        ({"best_val_loss": None, "best_step": 0}, Best()),  # begun with the weights of another
        ({"best_val_loss": None, "best_step": None}, Best()),
        ({}, Best()),
    ],
)
def test_a_checkpoint_of_0_1_has_its_best_in_two_keys_and_no_format(early, best, tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(_checkpoint(5), keep=3)
    state = {**early, "step": 5, "optimizer": {"t": 5}}
    (checkpoints.folder / "step-000005/state.json").write_text(json.dumps(state))
    assert checkpoints.load_state(5) == (best, {"t": 5})


def test_before_a_loss_was_finite_there_is_no_best(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(Checkpoint(5, {}, {}), keep=3)
    state = json.loads((checkpoints.folder / "step-000005/state.json").read_text())
    assert state == {"format": 2, "step": 5, "best": {"step": 0, "loss": None}, "optimizer": {}}
    assert checkpoints.load(5, 0).best == Best(0, float("inf"))
    assert checkpoints.pointer("best") is None


@pytest.mark.parametrize(
    "state",
    [
        {"step": 4, "optimizer": {}},
        {"step": 5, "optimizer": []},
        {"step": 5, "optimizer": {"t": "3"}},
        {"step": 5, "optimizer": {"t": float("nan")}},
        {"step": 5, "optimizer": {}, "best_val_loss": "low"},
        {"step": 5, "optimizer": {}, "best_step": 1.5},
        {"format": 2, "step": 5, "optimizer": {}},
        {"format": 2, "step": 5, "optimizer": {}, "best": {"step": None, "loss": 1.0}},
        {"format": 2, "step": 5, "optimizer": {}, "best": {"step": -1, "loss": 1.0}},
        {"format": 2, "step": 5, "optimizer": {}, "best": {"step": 1, "loss": float("inf")}},
        {"format": 3, "step": 5, "optimizer": {}, "best": {"step": 1, "loss": 1.0}},
    ],
)
def test_a_state_of_other_things_than_numbers_is_refused(state, tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(_checkpoint(5), keep=3)
    (checkpoints.folder / "step-000005/state.json").write_text(json.dumps(state))
    with pytest.raises(NpgptError, match=r"state\.json"):
        checkpoints.load(5, SIZE)


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.safetensors", "state.json"])
@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff" * 100])
def test_a_damaged_checkpoint_is_named(file, damage, tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(_checkpoint(5), keep=3)
    (checkpoints.folder / "step-000005" / file).write_bytes(damage)
    with pytest.raises(NpgptError, match=file):
        checkpoints.load(5, SIZE)


@pytest.mark.parametrize("dtype", [np.int32, np.bool_])
def test_parameters_of_another_kind_of_number_are_refused(dtype, tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(_checkpoint(5), keep=3)
    path = checkpoints.folder / "step-000005/model.safetensors"
    path.write_bytes(safetensors.numpy.save({"a.weight": np.zeros((3, 2), dtype)}))
    with pytest.raises(NpgptError, match=r"a\.weight is"):
        checkpoints.load_model(5, SIZE)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_parameters_that_are_not_finite_are_named(value, tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(_checkpoint(5), keep=3)
    path = tmp_path / "checkpoints" / "step-000005" / "model.safetensors"
    arrays = safetensors.numpy.load(path.read_bytes())
    arrays["a.weight"].flat[-1] = value
    path.write_bytes(safetensors.numpy.save(arrays))
    with pytest.raises(NpgptError, match=r"the parameter a\.weight holds numbers .* not finite"):
        checkpoints.load(5, 10**6)
