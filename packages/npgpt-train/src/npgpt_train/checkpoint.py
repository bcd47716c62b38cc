"""Checkpoints: complete or absent. Written beside, synced, then renamed into place."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from npgpt_core.errors import NpgptError
from npgpt_core.types import Array

MODEL, OPTIMIZER, STATE = "model.safetensors", "optimizer.safetensors", "state.json"


@dataclass(frozen=True)
class Checkpoint:
    """What training continues from after ``step`` steps."""

    step: int
    model: Mapping[str, Array]
    optimizer: Mapping[str, Array | float | int]
    state: Mapping[str, Any]  # {"step", "best_val_loss", "optimizer": its numbers}


class Checkpoints:
    """The checkpoints of a run, and the pointers ``latest`` and ``best``.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.run = folder
        self.folder = folder / "checkpoints"

    def steps(self) -> list[int]:
        """Steps that have a checkpoint, in order."""
        if not self.folder.is_dir():
            return []
        matches = (re.fullmatch(r"step-(\d{6,})", path.name) for path in self.folder.iterdir())
        return sorted(int(match[1]) for match in matches if match)

    def pointer(self, name: str) -> int | None:
        """The step that ``latest`` or ``best`` names, if it has a checkpoint."""
        try:
            text = (self.run / name).read_text(encoding="ascii").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        match = re.fullmatch(r"step-(\d{6,})", text)
        return int(match[1]) if match and int(match[1]) in self.steps() else None

    def save(self, checkpoint: Checkpoint, *, best: bool, keep: int) -> None:
        """Write a checkpoint, point to it, and prune all but the last ``keep`` and the best."""
        name = _name(checkpoint.step)
        beside = self.folder / f".{name}.new"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        arrays = {k: v for k, v in checkpoint.optimizer.items() if isinstance(v, np.ndarray)}
        numbers = {k: v for k, v in checkpoint.optimizer.items() if k not in arrays}
        state = {**checkpoint.state, "step": checkpoint.step, "optimizer": numbers}
        write_synced(beside / MODEL, safetensors.numpy.save(dict(checkpoint.model)))
        write_synced(beside / OPTIMIZER, safetensors.numpy.save(arrays))
        write_synced(beside / STATE, json.dumps(state, indent=2).encode())
        sync_folder(beside)
        final, old = self.folder / name, self.folder / f".{name}.old"
        if final.exists():  # a run that was stopped between this rename and its pointers
            shutil.rmtree(old, ignore_errors=True)
            os.rename(final, old)
        os.rename(beside, final)
        sync_folder(self.folder)
        shutil.rmtree(old, ignore_errors=True)
        self._point("latest", name)
        if best:
            self._point("best", name)
        self._prune(keep)

    def load(self, step: int) -> Checkpoint:
        """Read a checkpoint.

        Raises:
            NpgptError: names the file that is missing or damaged.
        """
        folder = self.folder / _name(step)
        model, arrays = _read_arrays(folder / MODEL), _read_arrays(folder / OPTIMIZER)
        state = read_json(folder / STATE)
        if not isinstance(state.get("optimizer"), dict) or state.get("step") != step:
            raise NpgptError(f"{folder / STATE} does not describe step {step}")
        return Checkpoint(step, model, {**arrays, **state["optimizer"]}, state)

    def _point(self, name: str, target: str) -> None:
        replace_file(self.run / name, target.encode() + b"\n")

    def _prune(self, keep: int) -> None:
        needed = {*self.steps()[-keep:], self.pointer("best"), self.pointer("latest")}
        for step in self.steps():
            if step not in needed:
                shutil.rmtree(self.folder / _name(step))


def _name(step: int) -> str:
    return f"step-{step:06d}"


def _read_arrays(path: Path) -> dict[str, Array]:
    try:
        return dict(safetensors.numpy.load(path.read_bytes()))
    except OSError as error:
        raise NpgptError(f"cannot read {path}: {error.strerror}") from error
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise NpgptError(f"{path} is damaged: {error}") from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        NpgptError: a file that cannot be read, or holds anything else.
    """
    try:
        record = json.loads(path.read_bytes())
    except OSError as error:
        raise NpgptError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise NpgptError(f"{path} is damaged: {error}") from error
    if not isinstance(record, dict):
        raise NpgptError(f"{path} is damaged: it holds no JSON object")
    return record


def replace_file(path: Path, data: bytes) -> None:
    """Write a file atomically: whoever reads it sees the old content or the new."""
    beside = path.with_name(f".{path.name}.new")
    write_synced(beside, data)
    os.replace(beside, path)
    sync_folder(path.parent)


def write_synced(path: Path, data: bytes) -> None:
    """Write a file and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Wait until a folder's entries are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
