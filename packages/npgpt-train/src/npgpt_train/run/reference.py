"""Is my loss normal? Reference curves of the presets, and how a run compares to them."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from npgpt_train.run.folder import Run
from npgpt_train.run.metrics import Metrics, evaluations_in
from npgpt_train.settings.advice import stability_advice
from npgpt_train.settings.part_options import with_defaults
from npgpt_train.settings.settings import Settings, differences

TOLERANCE = 0.15  # nats: about what seeds and small samples make of the same setting
DIVERGED = 1.0  # nats above the first loss: no seed or batch makes such a difference
MAY_DIFFER = frozenset({"workers", "seed", "data"})  # the digest of the text decides, not its name


@dataclass(frozen=True)
class ReferenceComparison:
    """A run's newest validation loss, and that of the reference at the same step.

    Args:
        step: of the evaluation.
        loss: validation loss of the run, nats per token.
        expected: that of the reference; between its evaluations it is interpolated.
        reference: preset, tokenizer and data that were recorded.
    """

    step: int
    loss: float
    expected: float
    reference: str

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"validation loss {self.loss:.4f} at step {self.step:,}, {self.expected:.4f} in the"
            f" reference ({self.reference}): {self.verdict}"
        )

    @property
    def verdict(self) -> str:
        """A word or two: normal, or by how much it is not."""
        gap = self.loss - self.expected
        if abs(gap) <= TOLERANCE:
            return "normal"
        return f"{abs(gap):.2f} {'higher' if gap > 0 else 'lower'}"


def entry_of(run: Run) -> dict[str, Any]:
    """A finished run as an entry of ``reference.json``."""
    return {
        "preset": run.record.preset,
        "tokenizer": run.settings.tokenizer.name,
        "data": " ".join(run.settings.data),
        "sha256": run.text_record().sha256,
        "version": run.record.versions["npgpt-train"],
        "settings": run.settings.to_json(),
        "curve": [
            [event["step"], round(event["train_loss"], 4), round(event["val_loss"], 4)]
            for event in evaluations_in(run.metrics())
        ],
    }


def references() -> list[dict[str, Any]]:
    """All recorded curves."""
    text = resources.files("npgpt_train").joinpath("reference.json").read_text(encoding="utf-8")
    return json.loads(text)


def verdict(run: Run, metrics: Metrics) -> str:
    """A line about a run's loss: that it diverged, or how it compares to its reference; else ""."""
    return divergence(metrics, run.settings.lr) or str(compare_to_reference(run, metrics) or "")


def divergence(metrics: Metrics, lr: float) -> str:
    """That a run diverged, and what to try; "" if it did not.

    It did if the newest loss over training text is not finite, or far above that before the first
    step. A validation loss alone may rise: that is overfitting. ``lr`` is the highest.
    """
    evaluations = evaluations_in(metrics)
    if len(evaluations) < 2:
        return ""
    start, loss = evaluations[0]["train_loss"], evaluations[-1]["train_loss"]
    if math.isfinite(loss) and not loss > start + DIVERGED:
        return ""
    return (
        f"the run diverged: its training loss is {loss:,.4f} at step"
        f" {evaluations[-1]['step']:,}, at the start it was {start:.4f}. {stability_advice(lr)}"
    )


def compare_to_reference(run: Run, metrics: Metrics) -> ReferenceComparison | None:
    """Compare a run to its reference; None before its first evaluation, or if no reference fits.

    A reference fits a run of the same text and settings, apart from ``MAY_DIFFER``. None fits a run
    that began with other weights, or was trained by several processes.
    """
    entry, evaluations = _matching(run), evaluations_in(metrics)
    if entry is None or not evaluations or evaluations[-1]["step"] == 0:
        return None
    last = evaluations[-1]
    steps, _, losses = zip(*entry["curve"], strict=True)
    return ReferenceComparison(
        step=last["step"],
        loss=last["val_loss"],
        expected=float(np.interp(last["step"], steps, losses)),
        reference=f"{entry['preset']}, {entry['tokenizer']}, {entry['data']}",
    )


def _matching(run: Run) -> Mapping[str, Any] | None:
    """The entry of the same text and settings, if there is one."""
    data = run.record.data
    if data is None or run.record.init_from is not None or run.record.ranks != 1:
        return None
    for entry in references():
        if entry["sha256"] == data.sha256:
            settings = with_defaults(Settings.from_json(entry["settings"]))
            if differences(settings, with_defaults(run.settings)).keys() <= MAY_DIFFER:
                return entry
    return None
