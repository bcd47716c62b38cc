"""Events as a run tells them, for the contract checks of observers."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from npgpt_core.events import (
    Checkpointed,
    Estimated,
    Evaluated,
    Event,
    Finished,
    Preparing,
    Started,
    Stepped,
    Stopped,
)

SETTINGS: dict[str, Any] = {
    "data": ["play.txt"],
    "tokenizer": {"name": "char", "options": {}},
    "model": {"name": "gpt", "options": {"n_layer": 2, "n_head": 2, "n_embd": 32, "dropout": 0.0}},
    "optimizer": {"name": "adam", "options": {"beta1": 0.9, "beta2": 0.999, "eps": 1e-08}},
    "schedule": {"name": "constant", "options": {"max_iters": 4}},
    "batch_size": 8,
    "block_size": 32,
    "grad_accumulation": 1,
    "max_iters": 4,
    "lr": 0.003,
    "grad_clip": 1.0,
    "eval_interval": 2,
    "eval_iters": 5,
    "seed": 1337,
    "workers": 1,
}
"""What ``run.json`` says of a run of four steps with an evaluation after every second one."""


def begun(folder: Path, step: int = 0) -> Iterator[Event]:
    """What is told before the first step."""
    yield Preparing("reading the text")
    yield Started(folder, copy.deepcopy(SETTINGS), step, 28_741, 65, 9_000, 1_000, 10_000)
    yield Estimated(1.5, 0.25, 150 * 2**20, 0.1)
    if step == 0:
        yield Evaluated({"step": 0, "train_loss": 4.17, "val_loss": 4.18}, best=False)


def trained(folder: Path, step: int = 0, to: int = 4) -> Iterator[Event]:
    """What is told of a run that goes on after ``step`` steps, to the end of step ``to``."""
    yield from begun(folder, step)
    for number in range(step + 1, to + 1):
        yield Stepped(
            {
                "step": number,
                "loss": 4.0 - number / 10,
                "grad_norm": 1.25,
                "lr": 0.003,
                "tokens_per_second": 25_600.0,
                "seconds": 0.01,
            }
        )
        if number % 2 == 0:
            yield evaluated(number, 4.0 - number / 10)
            yield Checkpointed(folder / "checkpoints" / f"step-{number:06d}", number)


def evaluated(step: int, loss: float) -> Evaluated:
    """An evaluation whose losses are about the same."""
    return Evaluated({"step": step, "train_loss": loss, "val_loss": loss + 0.01}, best=True)


def skipped(step: int) -> Stepped:
    """A step that was left out: it has no loss and no norm."""
    return Stepped(
        {"step": step, "skipped": True, "lr": 0.003, "tokens_per_second": 25_600.0, "seconds": 0.01}
    )


def finished(folder: Path, sample: str = "To be, or not to be\n") -> Finished:
    """The end of a run."""
    last = {"step": 4, "train_loss": 3.6, "val_loss": 3.61}
    return Finished(folder, last, sample, folder / "curves.png", "", "", 0)


def stopped(folder: Path) -> Stopped:
    """The end of a run that Ctrl-C ended."""
    return Stopped(folder, f"{folder} stopped after step 3", 2)
