from types import SimpleNamespace

import pytest

from npgpt_train.choices import PRESETS
from npgpt_train.reference import references, standing
from npgpt_train.settings import Settings


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_a_curve_that_falls(preset):
    curves = [entry["curve"] for entry in references() if entry["preset"] == preset]
    assert curves
    for curve in curves:
        steps, _, losses = zip(*curve, strict=True)
        assert list(steps) == sorted(steps)
        assert min(losses) < losses[0] - 0.5


def _run(entry, sha256=None, **changes):
    settings = Settings.from_json({**entry["settings"], **changes})
    record = {"preset": entry["preset"], "data": {"sha256": sha256 or entry["sha256"]}}
    return SimpleNamespace(record=record, settings=settings)


def _tiny():
    return next(e for e in references() if (e["preset"], e["tokenizer"]) == ("tiny", "char"))


def test_the_reference_itself_is_normal():
    entry = _tiny()
    step, _, loss = entry["curve"][-1]
    found = standing(_run(entry, seed=4, workers=9), [{"step": step, "val_loss": loss}])
    assert found.expected == loss
    assert found.verdict == "normal"
    assert found.same_data


def test_between_its_evaluations_the_reference_is_interpolated():
    entry = _tiny()
    (a, _, first), (b, _, second) = entry["curve"][1:3]
    found = standing(_run(entry), [{"step": (a + b) // 2, "val_loss": 99.0}])
    assert min(first, second) < found.expected < max(first, second)
    assert "higher" in found.verdict


def test_other_settings_and_texts_are_named():
    entry = _tiny()
    found = standing(_run(entry, sha256="0", lr=1e-9), [{"step": 50, "val_loss": 1.0}])
    assert "lower" in found.verdict
    assert "its text is another" in found.verdict
    assert "it differs in lr" in found.verdict


def test_before_the_first_evaluation_there_is_nothing_to_say():
    assert standing(_run(_tiny()), [{"step": 0, "val_loss": 4.0}]) is None
    unknown = {**_tiny(), "preset": "huge"}
    assert standing(_run(unknown), [{"step": 50, "val_loss": 4.0}]) is None
