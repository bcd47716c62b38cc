"""Checkpoints: complete or absent. Written under another name, synced, then renamed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from npgpt_core.errors import NpgptError, warn
from npgpt_core.module import Module
from npgpt_core.state import require_fit
from npgpt_core.types import Array
from npgpt_train.machine.arrays_file import write_arrays
from npgpt_train.machine.disk import Folder
from npgpt_train.machine.json_text import format_json
from npgpt_train.machine.stored_arrays import READ_AS, StoredArray, stored_arrays
from npgpt_train.run.formats import read_format
from npgpt_train.run.state import FORMAT, READERS, Best, State

FOLDER = "checkpoints"
POINTERS = ("latest", "best")
MODEL, OPTIMIZER, STATE = "model.safetensors", "optimizer.safetensors", "state.json"
STEP = re.compile(r"step-(\d{6,15})")


@dataclass(frozen=True)
class Checkpoint:
    """What training continues from after ``step`` steps, with the ``best`` of them."""

    step: int
    model: Mapping[str, Array]
    optimizer: Mapping[str, Array | float | int]
    best: Best = field(default_factory=Best)


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

    def step_of(self, which: str) -> int:
        """The step of the checkpoint that ``best`` or ``latest`` names, or of a step ("200").

        "best" is the latest, with a warning, while no evaluation has found one.

        Raises:
            NpgptError: there is no such checkpoint.
        """
        steps = self.steps()
        if which.isdecimal() and len(which) < 16:
            step = int(which) if int(which) in steps else None
        else:
            step = self.pointer(which) if which in POINTERS else None
        if step is None and which == "best" and (step := self.pointer("latest")) is not None:
            warn(f"{self.run.path} has no best checkpoint yet: this is its latest, of step {step}")
        if step is None:
            there = f"there are {', '.join(map(str, steps))}" if steps else "there is none yet"
            raise NpgptError(f"{self.run.path} has no checkpoint {which!r:.40}: {there}")
        return step

    def save(self, checkpoint: Checkpoint, *, keep: int, every: int = 1) -> Path:
        """Write a checkpoint, point to it, and prune; gives its folder.

        What stays are the last ``keep`` whose steps are multiples of ``every``, the latest and the
        best; others are of runs that were interrupted there.
        """
        name = _name(checkpoint.step)
        temporary = f"{FOLDER}/.{name}.new"
        self.run.remove(temporary)
        self.run.make(temporary)
        arrays = {k: v for k, v in checkpoint.optimizer.items() if isinstance(v, np.ndarray)}
        numbers = {k: v for k, v in checkpoint.optimizer.items() if k not in arrays}
        best = checkpoint.best.to_json()
        state = {"format": FORMAT, "step": checkpoint.step, "best": best, "optimizer": numbers}
        for name_of_file, content in ((MODEL, checkpoint.model), (OPTIMIZER, arrays)):
            with self.run.create(f"{temporary}/{name_of_file}") as file:
                write_arrays(file, content)
        self.run.write(f"{temporary}/{STATE}", f"{format_json(state)}\n".encode())
        self.run.sync(temporary)
        self.remove(checkpoint.step)
        self.run.rename(temporary, f"{FOLDER}/{name}")
        self.run.sync(FOLDER)
        self.point(checkpoint.step, checkpoint.best.step)
        self.prune(keep, every)
        return self.folder / name

    def point(self, latest: int, best: int) -> None:
        """Let ``latest`` and ``best`` name checkpoints, where they do not yet."""
        for name, step in zip(POINTERS, (latest, best), strict=True):
            if step in self.steps() and self.pointer(name) != step:
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
        stored = self._stored(step, OPTIMIZER, 16 * model_bytes)
        optimizer = {name: array.read() for name, array in stored.items()}
        model = self.load_model(step, model_bytes)
        return Checkpoint(step, model, {**optimizer, **state.optimizer}, state.best)

    def load_model(self, step: int, model_bytes: int) -> dict[str, Array]:
        """Read the parameters alone, ``model_bytes`` of them.

        Raises:
            NpgptError: the file is missing, damaged or too large, or holds other than finite
                numbers.
        """
        arrays = {name: array.read() for name, array in self._weights(step, model_bytes).items()}
        for name, array in arrays.items():
            self._require_finite(step, name, array)
        return arrays

    def load_into(self, model: Module, step: int) -> None:
        """Read the parameters into those of a model, which then are all the memory it takes.

        Raises:
            NpgptError: as ``load_model``, or they do not fit; the model is of no use then.
        """
        parameters = model.parameters()
        stored = self._weights(step, model.nbytes)
        require_fit(model, parameters, stored)
        for name, parameter in parameters.items():
            stored[name].read_into(parameter)
            self._require_finite(step, name, parameter)

    def load_state(self, step: int) -> State:
        """Read what is neither parameter nor array of the optimizer.

        Raises:
            NpgptError: the file is missing or damaged, or of a format that is not known.
        """
        name = f"{FOLDER}/{_name(step)}/{STATE}"
        content = self.run.read_json(name)
        if content.get("step") != step:
            raise NpgptError(f"{self.run.path / name} does not describe step {step}")
        return read_format({"format": 1, **content}, READERS, self.run.path / name)

    def _weights(self, step: int, model_bytes: int) -> dict[str, StoredArray]:
        """The parameters, floating-point numbers, of which none is read yet."""
        stored = self._stored(step, MODEL, model_bytes)
        for name, array in stored.items():
            if READ_AS[array.dtype].kind != "f":
                raise NpgptError(
                    f"{self.folder / _name(step) / MODEL} is damaged: {name} is {array.dtype},"
                    " expected floating-point numbers of NumPy"
                )
        return stored

    def _require_finite(self, step: int, name: str, array: Array) -> None:
        if not np.isfinite(array).all():
            raise NpgptError(
                f"{self.folder / _name(step) / MODEL}: the parameter {name} holds numbers that"
                " are not finite; take another checkpoint"
            )

    def _stored(self, step: int, name: str, most: int) -> dict[str, StoredArray]:
        """The arrays of a file, of at most so many bytes together."""
        stored = stored_arrays(self.run, f"{FOLDER}/{_name(step)}/{name}")
        if (size := sum(array.nbytes for array in stored.values())) > most:
            raise NpgptError(
                f"{self.folder / _name(step) / name} has {size:,} bytes of numbers,"
                f" expected at most {most:,}"
            )
        return stored

    def prune(self, keep: int, every: int) -> None:
        """Delete checkpoints that do not stay (see ``save``), and what killed processes left."""
        steps = self.steps()
        needed = {self.pointer("best"), self.pointer("latest")}
        needed.update([step for step in steps if step % every == 0][-keep:])
        for step in steps:
            if step not in needed:
                self.remove(step)
        for name in self.run.names(FOLDER):
            if name.startswith(".step-"):
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
