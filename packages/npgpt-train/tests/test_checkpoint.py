import numpy as np
import pytest

from npgpt_core.errors import NpgptError
from npgpt_train.checkpoint import Checkpoint, Checkpoints


def _checkpoint(step):
    rng = np.random.default_rng(step)
    model = {"a.weight": rng.normal(size=(3, 2)).astype(np.float32), "b": np.zeros(0, np.float32)}
    optimizer = {"m.a.weight": rng.normal(size=(3, 2)), "t": step, "rate": 0.1}
    return Checkpoint(step, model, optimizer, {"best_val_loss": 1.5})


def _same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert np.array_equal(value, other[name])
        assert np.asarray(value).dtype == np.asarray(other[name]).dtype


def test_what_was_saved_is_loaded(tmp_path):
    saved = _checkpoint(20)
    Checkpoints(tmp_path).save(saved, best=True, keep=3)
    loaded = Checkpoints(tmp_path).load(20)
    _same(saved.model, loaded.model)
    _same(saved.optimizer, loaded.optimizer)
    assert loaded.state["best_val_loss"] == 1.5


def test_the_same_checkpoint_is_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Checkpoints(tmp_path / name).save(_checkpoint(7), best=False, keep=3)
    one, other = (tmp_path / name / "checkpoints/step-000007" for name in ("a", "b"))
    for file in one.iterdir():
        assert file.read_bytes() == (other / file.name).read_bytes()


def test_the_last_three_and_the_best_are_kept(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for step in (10, 20, 30, 40, 50, 60):
        checkpoints.save(_checkpoint(step), best=step == 20, keep=3)
    assert checkpoints.steps() == [20, 40, 50, 60]
    assert (checkpoints.pointer("best"), checkpoints.pointer("latest")) == (20, 60)
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoints", "best", "latest"}


def test_a_step_saved_again_replaces_itself(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for _ in range(2):
        checkpoints.save(_checkpoint(5), best=False, keep=3)
    assert [path.name for path in checkpoints.folder.iterdir()] == ["step-000005"]


def test_an_unfinished_folder_is_no_checkpoint(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    (checkpoints.folder / ".step-000005.new").mkdir(parents=True)
    assert checkpoints.steps() == []
    assert checkpoints.pointer("latest") is None


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.safetensors", "state.json"])
@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff" * 100])
def test_a_damaged_checkpoint_is_named(file, damage, tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(_checkpoint(5), best=False, keep=3)
    (checkpoints.folder / "step-000005" / file).write_bytes(damage)
    with pytest.raises(NpgptError, match=file):
        checkpoints.load(5)
