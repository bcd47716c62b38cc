"""What happens in a run, as data for reporters and observers: one small class for each event.

Events are data and import nothing heavy. An observer is given a copy of its own of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias


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
    """Training begins after ``step`` steps done: 0 of a new run, more of a resumed one.

    Args:
        folder: of the run.
        settings: every one, as ``run.json`` has them.
        step: steps done.
        parameters: of the model.
        vocab_size: of the tokenizer.
        train_tokens: of the training split.
        val_tokens: of the validation split.
        characters: of the whole text.
    """

    folder: Path
    settings: Mapping[str, Any]
    step: int
    parameters: int
    vocab_size: int
    train_tokens: int
    val_tokens: int
    characters: int


@dataclass(frozen=True)
class Estimated:
    """What the run will take, measured on one step.

    Args:
        seconds: of all steps and evaluations that remain.
        step_seconds: of one step.
        memory: the largest resident set so far, in bytes; 0 if the system does not say.
        epochs: how often the whole run reads the training split, on average.
    """

    seconds: float
    step_seconds: float
    memory: int
    epochs: float


@dataclass(frozen=True)
class Stepped:
    """One step is done; ``metrics`` is its line of ``metrics.jsonl``.

    These are ``step``, ``loss``, ``grad_norm``, ``lr``, ``tokens_per_second`` and ``seconds``; of a
    step that was left out because its loss or gradient was not finite, ``skipped`` is there in the
    place of ``loss`` and ``grad_norm``.
    """

    metrics: Mapping[str, Any]


@dataclass(frozen=True)
class Evaluated:
    """An evaluation; ``best`` if its loss is the lowest so far of steps that have a checkpoint.

    ``metrics`` are ``step``, ``train_loss`` and ``val_loss``; a loss may be infinite or a NaN.
    """

    metrics: Mapping[str, Any]
    best: bool


@dataclass(frozen=True)
class Checkpointed:
    """A checkpoint is complete in ``folder``, after ``step`` steps; later ones may replace it."""

    folder: Path
    step: int


@dataclass(frozen=True)
class Finished:
    """The run is complete.

    Args:
        folder: of the run.
        metrics: the last evaluation.
        sample: 500 tokens of the best checkpoint, or "" of weights that are not finite.
        curves: the picture, or None without matplotlib.
        note: what to do to get one.
        verdict: that the run diverged, or how it compares to the reference curve of the same
            settings, or "".
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
class Stopped:
    """Training ends before its last step: ``signal`` asked for it, or, where that is 0, an error.

    Args:
        folder: of the run; a new run that ends before its first step is deleted next.
        reason: in a line.
        signal: its number.
    """

    folder: Path
    reason: str
    signal: int


@dataclass(frozen=True)
class Comparing:
    """A run of a comparison begins, goes on, or is finished already; ``state`` says which."""

    name: str
    number: int
    total: int
    state: str


Event: TypeAlias = (
    Preparing
    | Continuing
    | Started
    | Estimated
    | Stepped
    | Evaluated
    | Checkpointed
    | Finished
    | Stopped
    | Comparing
)
