"""A run's folder: what was asked for, what came of it, and how to open it again."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from npgpt_core import registry
from npgpt_core.errors import NpgptError
from npgpt_core.protocols import Tokenizer
from npgpt_train.checkpoint import Checkpoint, Checkpoints, read_json
from npgpt_train.metrics import Metrics, read_metrics
from npgpt_train.parts import build_model
from npgpt_train.provenance import RECORDED, located, require_installed
from npgpt_train.settings import Settings

FORMAT = 1


class LoadedRun(NamedTuple):
    """What ``load_run`` gives; the model is in evaluation mode."""

    model: Any
    tokenizer: Tokenizer
    settings: Settings
    metrics: Metrics


@dataclass(frozen=True)
class Run:
    """A folder with ``run.json``, made by ``Run.create`` or opened by ``Run.open``."""

    folder: Path
    record: dict[str, Any]

    @classmethod
    def create(cls, folder: Path, record: dict[str, Any], tokenizer: Any) -> Run:
        """Make the folder: complete, or not at all.

        Raises:
            NpgptError: the folder holds something already, or cannot be written.
        """
        check_free(folder)
        beside = folder.with_name(f".{folder.name}.new")
        record = {"format": FORMAT, **record}
        try:
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir(parents=True)
            tokenizer.save(beside / "tokenizer.json")
            text = json.dumps(record, indent=2) + "\n"
            (beside / "run.json").write_text(text, encoding="utf-8")
            if folder.is_dir():  # empty, as checked
                folder.rmdir()
            os.rename(beside, folder)
        except OSError as error:
            shutil.rmtree(beside, ignore_errors=True)
            raise NpgptError(f"cannot write the run folder {folder}: {error.strerror}") from error
        return cls(folder, record)

    @classmethod
    def open(cls, folder: str | Path) -> Run:
        """Open an existing run.

        Raises:
            NpgptError: no run is there, or its ``run.json`` is damaged or of a newer format.
        """
        folder = Path(folder)
        path = folder / "run.json"
        if not path.is_file():
            raise NpgptError(f"{folder} holds no run: there is no {path}")
        record = read_json(path)
        if record.get("format") != FORMAT:
            raise NpgptError(
                f"{path} has format {record.get('format')!r}, this npgpt reads {FORMAT}"
            )
        run = cls(folder, record)
        if not isinstance(record.get("data"), dict) or not isinstance(
            record.get("vocab_size"), int
        ):
            raise NpgptError(f"{path} is damaged: data or vocab_size is missing")
        _ = run.settings  # validated now, so that later use cannot fail
        return run

    @cached_property
    def settings(self) -> Settings:
        """The settings it was made with; a part whose name became ambiguous has its full one."""
        try:
            settings = Settings.from_json(self.record.get("settings"))
            return located(settings, self.record.get("parts"))
        except NpgptError as error:
            raise NpgptError(f"{self.folder / 'run.json'} is damaged: {error}") from error

    @property
    def checkpoints(self) -> Checkpoints:
        """Its checkpoints."""
        return Checkpoints(self.folder)

    @property
    def metrics_path(self) -> Path:
        """Where its metrics are."""
        return self.folder / "metrics.jsonl"

    def metrics(self) -> Metrics:
        """All events so far."""
        return read_metrics(self.metrics_path)

    def require_parts(self, *kinds: str) -> None:
        """Make sure that its parts (all, unless named) are installed.

        Raises:
            PluginError: says which distribution to install, and at which version.
        """
        needed = [kind for kind in kinds or RECORDED if kind not in self._required]
        self._required.update(needed)  # so that a differing version is told once
        require_installed(self.record.get("parts"), needed, self.folder)

    @cached_property
    def _required(self) -> set[str]:
        return set()

    def tokenizer(self) -> Tokenizer:
        """Its tokenizer, trained."""
        self.require_parts("tokenizer")
        target = registry.load("tokenizer", self.settings.tokenizer.name)
        tokenizer: Tokenizer = target.load(self.folder / "tokenizer.json")
        return tokenizer

    def checkpoint(self, which: str = "best") -> Checkpoint:
        """The checkpoint that ``best`` or ``latest`` names, or of a step ("200").

        Raises:
            NpgptError: there is no such checkpoint.
        """
        steps = self.checkpoints.steps()
        if which.isdecimal():
            step = int(which) if int(which) in steps else None
        else:
            step = self.checkpoints.pointer(which)
        if step is None:
            there = f"there are {', '.join(map(str, steps))}" if steps else "there is none yet"
            raise NpgptError(f"{self.folder} has no checkpoint {which!r}: {there}")
        return self.checkpoints.load(step)

    def model(self, which: str = "best") -> Any:
        """Its model with the weights of a checkpoint, in evaluation mode."""
        self.require_parts("model")
        checkpoint = self.checkpoint(which)
        model = build_model(self.settings, self.record["vocab_size"], np.random.default_rng(0))
        model.load_state_dict(checkpoint.model)
        model.eval()
        return model


def load_run(folder: str | Path, checkpoint: str = "best") -> LoadedRun:
    """Open a run: its model, tokenizer, settings and metrics.

    Args:
        folder: of the run.
        checkpoint: "best" (lowest validation loss), "latest" or a step.

    Raises:
        NpgptError: no run, no checkpoint, a damaged file, or a part that is not installed.
    """
    run = Run.open(folder)
    run.require_parts("model", "tokenizer")
    return LoadedRun(run.model(checkpoint), run.tokenizer(), run.settings, run.metrics())


def check_free(folder: Path) -> None:
    """Raise an ``NpgptError`` unless a new run can be made in ``folder``."""
    if (folder / "run.json").exists():
        raise NpgptError(
            f"{folder} holds a run already: continue it with --resume, or choose another --out"
        )
    if folder.exists() and not folder.is_dir():
        raise NpgptError(f"{folder} is a file, expected a folder for the run")
    if folder.is_dir() and any(folder.iterdir()):
        raise NpgptError(f"{folder} is not empty: choose another --out")


def next_free(parent: Path, stem: str) -> Path:
    """The first of ``parent/stem-1``, ``parent/stem-2``, ... that does not exist."""
    number = 1
    while (parent / f"{stem}-{number}").exists():
        number += 1
    return parent / f"{stem}-{number}"
