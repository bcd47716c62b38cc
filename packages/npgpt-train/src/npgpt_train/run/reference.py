"""Is my loss normal? Recorded curves of the presets, and where a run like them stands."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from npgpt_train.run.folder import Run
from npgpt_train.run.metrics import Metrics
from npgpt_train.settings.advice import steadier
from npgpt_train.settings.part_options import completed
from npgpt_train.settings.settings import Settings, differences

NORMAL = 0.15  # nats: about what seeds and small samples make of the same setting
FAR = 1.0  # nats above the first loss: no seed or batch makes such a difference
FREE = frozenset({"workers", "seed", "data"})  # may differ; of the data its digest decides


@dataclass(frozen=True)
class Standing:
    """A run's newest validation loss beside that of the reference at the same step.

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
        if abs(gap) <= NORMAL:
            return "normal"
        return f"{abs(gap):.2f} {'higher' if gap > 0 else 'lower'}"


def record(run: Run) -> dict[str, Any]:
    """A finished run as an entry of ``reference.json``."""
    return {
        "preset": run.record.preset,
        "tokenizer": run.settings.tokenizer.name,
        "data": " ".join(run.settings.data),
        "sha256": run.record.data.sha256,
        "version": run.record.versions["npgpt-train"],
        "settings": run.settings.to_json(),
        "curve": [
            [event["step"], round(event["train_loss"], 4), round(event["val_loss"], 4)]
            for event in run.metrics()
            if "val_loss" in event
        ],
    }


def references() -> list[dict[str, Any]]:
    """All recorded curves."""
    text = resources.files("npgpt_train").joinpath("reference.json").read_text(encoding="utf-8")
    return json.loads(text)


def verdict(run: Run, metrics: Metrics) -> str:
    """What to think of a run's loss, in a line: that it diverged, or where it stands; else ""."""
    return divergence(metrics, run.settings.lr) or str(standing(run, metrics) or "")


def divergence(metrics: Metrics, lr: float) -> str:
    """That a run diverged, and what to try; "" if it did not.

    It did if the newest loss over training text is not finite, or far above that before the first
    step. A validation loss alone may rise: that is overfitting.

    Args:
        metrics: of the run.
        lr: its highest learning rate.
    """
    evaluations = [event for event in metrics if "train_loss" in event]
    if len(evaluations) < 2:
        return ""
    start, loss = evaluations[0]["train_loss"], evaluations[-1]["train_loss"]
    if math.isfinite(loss) and not loss > start + FAR:
        return ""
    return (
        f"the run diverged: its training loss is {loss:,.4f} at step"
        f" {evaluations[-1]['step']:,}, at the start it was {start:.4f}. {steadier(lr)}"
    )


def standing(run: Run, metrics: Metrics) -> Standing | None:
    """Where a run stands; None before its first evaluation, or if nothing equal was recorded.

    Equal are text and settings, but for ``FREE``; what began from other weights, or was trained by
    several processes, has no equal.
    """
    evaluations = [event for event in metrics if "val_loss" in event and event["step"] > 0]
    entry = _equal(run)
    if entry is None or not evaluations:
        return None
    last = evaluations[-1]
    steps, _, losses = zip(*entry["curve"], strict=True)
    return Standing(
        step=last["step"],
        loss=last["val_loss"],
        expected=float(np.interp(last["step"], steps, losses)),
        reference=f"{entry['preset']}, {entry['tokenizer']}, {entry['data']}",
    )


def _equal(run: Run) -> Mapping[str, Any] | None:
    """The entry of the same text and settings, if there is one."""
    if run.record.init_from is not None or run.record.ranks != 1:
        return None
    for entry in references():
        if entry["sha256"] == run.record.data.sha256:
            settings = Settings.from_json(entry["settings"])
            if differences(completed(settings), completed(run.settings)).keys() <= FREE:
                return entry
    return None
