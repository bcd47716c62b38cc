import json
from types import SimpleNamespace

import pytest

from npgpt_train.run import reference
from npgpt_train.run.reference import (
    compare_to_reference,
    divergence,
    entry_of,
    references,
    verdict,
)
from npgpt_train.settings.choices import PRESETS, choose
from npgpt_train.settings.settings import Settings


def _name(entry):
    return f"{entry['preset']}-{entry['settings']['model']['name']}-{entry['tokenizer']}"


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_a_curve_that_falls(preset):
    curves = [entry["curve"] for entry in references() if entry["preset"] == preset]
    assert curves
    for curve in curves:
        steps, _, losses = zip(*curve, strict=True)
        assert list(steps) == sorted(steps)
        assert min(losses) < losses[0] - 0.5


@pytest.mark.parametrize("entry", references(), ids=_name)
def test_a_curve_is_that_of_its_preset_as_it_is_now(entry):
    values = choose(preset=entry["preset"]).values
    made = Settings.from_json(entry["settings"]).flat()
    free = {"data", "tokenizer", "model", "workers", "seed"}
    assert {key: made[key] for key in values if key in made and key not in free} == {
        key: value for key, value in values.items() if key in made and key not in free
    }


def _run(entry, sha256=None, ranks=1, extra=(), **changes):
    settings = Settings.from_json({**entry["settings"], **changes})
    record = {"init_from": None, "versions": {"npgpt-train": "9.8"}, **dict(extra)}
    text = SimpleNamespace(sha256=sha256 or entry["sha256"])
    record = SimpleNamespace(**record, data=text, ranks=ranks)
    return SimpleNamespace(record=record, settings=settings, text_record=lambda: text)


def _tiny():
    return next(e for e in references() if (e["preset"], e["tokenizer"]) == ("tiny", "char"))


def _losses(*pairs):
    return [{"step": s, "train_loss": loss, "val_loss": loss} for s, loss in pairs]


def test_the_reference_itself_is_normal():
    entry = _tiny()
    step, _, loss = entry["curve"][-1]
    moved = _run(entry, seed=4, workers=9, data=["/a/copy/of/it.txt"])
    assert compare_to_reference(moved, _losses((step, loss))).expected == loss
    assert verdict(moved, _losses((step, loss))).endswith(": normal")


def test_a_finished_run_becomes_an_entry_beside_which_it_is_normal(monkeypatch):
    run = _run(_tiny(), sha256="1" * 64, lr=0.25, extra={"preset": "tiny"})
    run.metrics = lambda: [*_losses((0, 4.3)), {"step": 1, "loss": 3.0}, *_losses((2, 2.00006))]
    entry = entry_of(run)
    assert json.loads(json.dumps(entry)) == entry
    assert (entry["preset"], entry["tokenizer"], entry["version"]) == ("tiny", "char", "9.8")
    assert entry["data"] == " ".join(run.settings.data)
    assert entry["curve"] == [[0, 4.3, 4.3], [2, 2.0001, 2.0001]]
    assert compare_to_reference(run, run.metrics()) is None
    monkeypatch.setattr(reference, "references", lambda: [entry])
    assert compare_to_reference(run, run.metrics()).expected == 2.0001


def test_between_its_evaluations_the_reference_is_interpolated():
    entry = _tiny()
    (a, _, first), (b, _, second) = entry["curve"][1:3]
    found = compare_to_reference(_run(entry), _losses(((a + b) // 2, 99.0)))
    assert min(first, second) < found.expected < max(first, second)
    assert found.verdict == f"{99 - found.expected:.2f} higher"
    assert compare_to_reference(_run(entry), _losses((a, first - 0.2))).verdict == "0.20 lower"


@pytest.mark.parametrize(
    "other",
    [
        {"sha256": "0"},
        {"lr": 1e-9},
        {"max_iters": 300},
        {"ranks": 2},
        {"extra": {"init_from": "runs/x"}},
        {"model": {"name": "gpt", "options": {"n_layer": 3}}},
    ],
)
def test_beside_another_text_or_setting_nothing_is_said(other):
    assert verdict(_run(_tiny(), **other), _losses((0, 4.3), (50, 1.0))) == ""


def test_before_the_first_evaluation_there_is_nothing_to_say():
    assert compare_to_reference(_run(_tiny()), _losses((0, 4.0))) is None


@pytest.mark.parametrize("loss", [5.4, 133_206.82, float("inf"), float("nan")])
def test_a_run_that_diverged_is_told_so_and_what_to_try(loss):
    text = verdict(_run(_tiny(), lr=0.5), _losses((0, 4.3), (50, 2.0), (100, loss)))
    assert text.startswith(f"the run diverged: its training loss is {loss:,.4f} at step 100")
    assert "it was 0.5" in text
    assert all(f"`{name}" in text for name in ("lr", "warmup_iters", "grad_clip"))


def test_what_rises_within_the_spread_or_only_in_validation_did_not_diverge():
    assert divergence(_losses((0, 4.3), (50, 5.2)), 0.5) == ""
    overfitted = [*_losses((0, 4.3)), {"step": 50, "train_loss": 0.1, "val_loss": 9.0}]
    assert divergence(overfitted, 0.5) == ""
    assert divergence(_losses((0, 99.0)), 0.5) == ""


def test_references_hold_what_parts_chose_themselves():
    for entry in references():
        parts = [value for value in entry["settings"].values() if isinstance(value, dict)]
        assert all(None not in part["options"].values() for part in parts), entry["settings"]
