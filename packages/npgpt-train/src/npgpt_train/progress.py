"""What happens in a run, told to whoever shows it: one small class an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from npgpt_train.settings import Settings


@dataclass(frozen=True)
class Preparing:
    """A step of the preparation begins; ``what`` says which."""

    what: str


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
class Stepped:
    """One step is done; ``metrics`` is its line of ``metrics.jsonl``."""

    metrics: Mapping[str, Any]


@dataclass(frozen=True)
class Evaluated:
    """An evaluation (after step 0 with a checkpoint); ``best`` if its loss is the lowest so far."""

    metrics: Mapping[str, Any]
    best: bool


@dataclass(frozen=True)
class Finished:
    """The run is complete. ``curves`` is None without matplotlib, and ``note`` says what to do."""

    folder: Path
    metrics: Mapping[str, Any]
    sample: str
    curves: Path | None
    note: str


Event: TypeAlias = Preparing | Started | Stepped | Evaluated | Finished
Report: TypeAlias = Callable[[Event], None]
