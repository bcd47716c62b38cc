"""Is my loss normal? Recorded curves of the presets, and where a run stands beside them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from npgpt_train.metrics import Metrics
from npgpt_train.run import Run
from npgpt_train.settings import Settings, differences

NORMAL = 0.15  # nats: about what seeds and small samples make of the same setting
FREE = frozenset({"workers", "seed", "data"})  # settings in which a run may differ


@dataclass(frozen=True)
class Standing:
    """A run's newest validation loss beside that of the reference at the same step.

    Args:
        step: of the evaluation.
        loss: validation loss of the run, nats per token.
        expected: that of the reference; between its evaluations it is interpolated.
        reference: preset, tokenizer and data that were recorded.
        same_data: whether the run read the same text.
        different: settings in which the run differs from the reference.
    """

    step: int
    loss: float
    expected: float
    reference: str
    same_data: bool
    different: tuple[str, ...]

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"validation loss {self.loss:.4f} at step {self.step:,}, {self.expected:.4f} in the"
            f" reference ({self.reference}): {self.verdict}"
        )

    @property
    def verdict(self) -> str:
        """A few words: normal, or what to think of it."""
        gap = self.loss - self.expected
        if not math.isfinite(gap):
            word = "the loss is not finite"
        elif abs(gap) <= NORMAL:
            word = "normal"
        elif gap > 0:
            word = f"{gap:.2f} higher"
        else:
            word = f"{-gap:.2f} lower"
        reasons = [] if self.same_data else ["its text is another"]
        if self.different:
            reasons.append(f"it differs in {', '.join(self.different)}")
        return word + (f" ({'; '.join(reasons)})" if reasons else "")


def record(run: Run) -> dict[str, Any]:
    """A finished run as an entry of ``reference.json``."""
    return {
        "preset": run.record["preset"],
        "tokenizer": run.settings.tokenizer.name,
        "data": " ".join(run.settings.data),
        "sha256": run.record["data"]["sha256"],
        "version": run.record["versions"]["npgpt-train"],
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
    entries: list[dict[str, Any]] = json.loads(text)
    return entries


def standing(run: Run, metrics: Metrics) -> Standing | None:
    """Where a run stands; None before its first evaluation, or if nothing like it was recorded."""
    evaluations = [event for event in metrics if "val_loss" in event and event["step"] > 0]
    entry = _closest(run)
    if entry is None or not evaluations:
        return None
    last = evaluations[-1]
    steps, _, losses = zip(*entry["curve"], strict=True)
    found = differences(Settings.from_json(entry["settings"]), run.settings)
    return Standing(
        step=last["step"],
        loss=last["val_loss"],
        expected=float(np.interp(last["step"], steps, losses)),
        reference=f"{entry['preset']}, {entry['tokenizer']}, {entry['data']}",
        same_data=entry["sha256"] == run.record["data"].get("sha256"),
        different=tuple(sorted(found.keys() - FREE)),
    )


def _closest(run: Run) -> Mapping[str, Any] | None:
    """The entry of the run's preset and tokenizer, on its own text if there is one."""
    sha256 = run.record["data"].get("sha256")
    entries = [
        entry
        for entry in references()
        if entry["preset"] == run.record.get("preset")
        and entry["tokenizer"] == run.settings.tokenizer.name
    ]
    entries.sort(key=lambda entry: entry["sha256"] != sha256)
    return entries[0] if entries else None
