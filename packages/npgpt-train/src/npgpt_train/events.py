"""What happens in a run, told to whoever shows it: one small class an event."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from npgpt_train.settings.settings import Settings


@dataclass(frozen=True)
class Preparing:
    """A step of the preparation begins; ``what`` says which."""

    what: str


@dataclass(frozen=True)
class Continuing:
    """The newest unfinished run goes on, because none was named; there are ``others``."""

    folder: Path
    others: int


@dataclass(frozen=True)
class Started:
    """Training begins after ``step`` steps done (0 unless resumed)."""

    folder: Path
    settings: Settings
    step: int
    parameters: int
    vocab_size: int
    train_tokens: int
    val_tokens: int
    characters: int


@dataclass(frozen=True)
class Estimated:
    """What the run will take, measured on one step (``npgpt_train.loop.preflight``).

    Args:
        seconds: of all steps and evaluations that remain.
        step_seconds: of one step.
        memory: the largest resident set so far, in bytes; 0 if the system does not tell.
        epochs: how often the whole run reads the training part, on average.
    """

    seconds: float
    step_seconds: float
    memory: int
    epochs: float


@dataclass(frozen=True)
class Stepped:
    """One step is done; ``metrics`` is its line of ``metrics.jsonl``."""

    metrics: Mapping[str, Any]


@dataclass(frozen=True)
class Evaluated:
    """An evaluation; ``best`` if its loss is the lowest so far of steps that have a checkpoint."""

    metrics: Mapping[str, Any]
    best: bool


@dataclass(frozen=True)
class Finished:
    """The run is complete.

    Args:
        folder: of the run.
        metrics: the last evaluation.
        sample: 500 tokens of the best checkpoint, or "" of weights that are not finite.
        curves: the picture, or None without matplotlib.
        note: what to do to get one.
        verdict: that the run diverged, or where it stands beside the recorded curve of the same
            setting, or "".
        skipped: steps that were left out (``on_nan="skip"``).
    """

    folder: Path
    metrics: Mapping[str, Any]
    sample: str
    curves: Path | None
    note: str
    verdict: str
    skipped: int


@dataclass(frozen=True)
class Comparing:
    """A run of a comparison begins, goes on, or is finished already; ``state`` says which."""

    name: str
    number: int
    total: int
    state: str


Event: TypeAlias = (
    Preparing | Continuing | Started | Estimated | Stepped | Evaluated | Finished | Comparing
)
Report: TypeAlias = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Show nothing."""


def print_progress(event: Event) -> None:
    """A line on standard error for the start, each evaluation and the end."""
    match event:
        case Comparing():
            line = f"[{event.number} of {event.total}] {event.name}: {event.state}"
        case Continuing():
            line = f"continuing {event.folder}, the newest of {event.others + 1} unfinished runs"
        case Started():
            steps = f"steps {event.step} to {event.settings.max_iters}"
            line = f"training {event.parameters:,} parameters, {steps}, into {event.folder}"
        case Evaluated():
            train, val = event.metrics["train_loss"], event.metrics["val_loss"]
            line = f"step {event.metrics['step']:>6}  train {train:.4f}  validation {val:.4f}"
        case Finished():
            line = f"the run is in {event.folder}"
        case _:
            return
    sys.stderr.write(f"{line}\n")


def usual_report() -> Report:
    """What reports where nothing else is asked for: lines on a terminal, nothing elsewhere."""
    return print_progress if sys.stderr and sys.stderr.isatty() else ignore
