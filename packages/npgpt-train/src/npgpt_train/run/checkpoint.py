"""Checkpoints: complete or absent. Written beside, synced, then renamed into place."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from npgpt_core.errors import NpgptError
from npgpt_core.types import Array
from npgpt_train.machine.disk import Folder

FOLDER = "checkpoints"
MODEL, OPTIMIZER, STATE = "model.safetensors", "optimizer.safetensors", "state.json"
STEP = re.compile(r"step-(\d{6,15})")
HEADER = 2**20  # bytes of names and shapes in a file of arrays, at most


@dataclass(frozen=True)
class Checkpoint:
    """What training continues from after ``step`` steps.

    ``state`` holds ``step``, ``optimizer`` (its numbers), and of the evaluations so far
    ``best_val_loss`` and ``best_step``, None before the first.
    """

    step: int
    model: Mapping[str, Array]
    optimizer: Mapping[str, Array | float | int]
    state: Mapping[str, Any]


class Checkpoints:
    """The checkpoints of a run, and the pointers ``latest`` and ``best``.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.run = Folder(folder)
        self.folder = folder / FOLDER

    def steps(self) -> list[int]:
        """Steps that have a checkpoint, in order."""
        matches = (STEP.fullmatch(name) for name in self.run.names(FOLDER))
        return sorted(int(match[1]) for match in matches if match)

    def pointer(self, name: str) -> int | None:
        """The step that ``latest`` or ``best`` names, if it has a checkpoint."""
        if not self.run.has(name):
            return None
        match = STEP.fullmatch(self.run.read(name, 100).decode("ascii", "replace").strip())
        return int(match[1]) if match and int(match[1]) in self.steps() else None

    def save(self, checkpoint: Checkpoint, *, keep: int, every: int = 1) -> None:
        """Write a checkpoint, point to it, and prune.

        What stays are the last ``keep`` whose steps are multiples of ``every``, the latest and the
        best; others are of runs that were interrupted there.
        """
        name = _name(checkpoint.step)
        beside = f"{FOLDER}/.{name}.new"
        self.run.remove(beside)
        self.run.make(beside)
        arrays = {k: v for k, v in checkpoint.optimizer.items() if isinstance(v, np.ndarray)}
        numbers = {k: v for k, v in checkpoint.optimizer.items() if k not in arrays}
        state = {**checkpoint.state, "step": checkpoint.step, "optimizer": numbers}
        files = {
            MODEL: safetensors.numpy.save(dict(checkpoint.model)),
            OPTIMIZER: safetensors.numpy.save(arrays),
            STATE: json.dumps(state, indent=2).encode(),
        }
        for file, data in files.items():
            self.run.write(f"{beside}/{file}", data)
        self.run.sync(beside)
        self.remove(checkpoint.step)
        self.run.rename(beside, f"{FOLDER}/{name}")
        self.run.sync(FOLDER)
        self.point(checkpoint.step, checkpoint.state.get("best_step"))
        self._prune(keep, every)

    def point(self, latest: int, best: int | None) -> None:
        """Let ``latest`` and ``best`` name checkpoints, where they do not yet."""
        for name, step in (("latest", latest), ("best", best)):
            if step is not None and step in self.steps() and self.pointer(name) != step:
                self.run.replace(name, f"{_name(step)}\n".encode())

    def load(self, step: int, model_bytes: int) -> Checkpoint:
        """Read a checkpoint.

        Args:
            step: which.
            model_bytes: of all parameters; no file is read that holds much more than an optimizer
                of them needs.

        Raises:
            NpgptError: names the file that is missing or damaged.
        """
        state = self.load_state(step)
        optimizer = self._arrays(step, OPTIMIZER, 16 * model_bytes)
        return Checkpoint(
            step, self.load_model(step, model_bytes), {**optimizer, **state["optimizer"]}, state
        )

    def load_model(self, step: int, model_bytes: int) -> dict[str, Array]:
        """Read the parameters alone, ``model_bytes`` of them.

        Raises:
            NpgptError: the file is missing, damaged or too large, or holds other than finite
                numbers.
        """
        arrays = self._arrays(step, MODEL, model_bytes)
        for name, array in arrays.items():
            if array.dtype.kind != "f":
                raise NpgptError(
                    f"{self.folder / _name(step) / MODEL} is damaged: {name} is {array.dtype},"
                    " expected floating-point numbers"
                )
            if not np.isfinite(array).all():
                raise NpgptError(
                    f"{self.folder / _name(step) / MODEL}: the parameter {name} holds numbers that"
                    " are not finite; take another checkpoint"
                )
        return arrays

    def load_state(self, step: int) -> dict[str, Any]:
        """Read what is neither parameter nor array of the optimizer.

        Raises:
            NpgptError: the file is missing or damaged.
        """
        path = self.folder / _name(step) / STATE
        state = self.run.read_json(f"{FOLDER}/{_name(step)}/{STATE}")
        numbers = state.get("optimizer")
        if state.get("step") != step or not isinstance(numbers, dict):
            raise NpgptError(f"{path} does not describe step {step}")
        loss, best = state.get("best_val_loss"), state.get("best_step")
        wanted = [*numbers.values(), *([] if loss is None else [loss])]
        if not all(type(v) in (int, float) and math.isfinite(v) for v in wanted):
            raise NpgptError(f"{path} is damaged: it holds something else than finite numbers")
        if best is not None and type(best) is not int:
            raise NpgptError(f"{path} is damaged: best_step is {best!r:.40}")
        return state

    def _arrays(self, step: int, name: str, size: int) -> dict[str, Array]:
        path = self.folder / _name(step) / name
        data = self.run.read(f"{FOLDER}/{_name(step)}/{name}", size + HEADER)
        try:
            return dict(safetensors.numpy.load(data))
        except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
            raise NpgptError(f"{path} is damaged: {error}") from error

    def _prune(self, keep: int, every: int) -> None:
        steps = self.steps()
        needed = {self.pointer("best"), self.pointer("latest")}
        needed.update([step for step in steps if step % every == 0][-keep:])
        for step in steps:
            if step not in needed:
                self.remove(step)
        for name in self.run.names(FOLDER):
            if name.startswith(".step-"):  # left by a process that died
                self.run.remove(f"{FOLDER}/{name}")

    def remove(self, step: int) -> None:
        """Take a checkpoint away at once, then delete it."""
        there, gone = f"{FOLDER}/{_name(step)}", f"{FOLDER}/.{_name(step)}.old"
        if self.run.has(there):
            self.run.remove(gone)
            self.run.rename(there, gone)
            self.run.remove(gone)


def _name(step: int) -> str:
    return f"step-{step:06d}"
