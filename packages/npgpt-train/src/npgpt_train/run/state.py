"""What ``state.json`` of a checkpoint holds: the best so far, and numbers of the optimizer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from npgpt_core.errors import NpgptError, short_repr


@dataclass(frozen=True)
class Best:
    """The lowest validation loss so far, nats per token, and its step.

    Before any was finite it is infinite, at step 0; ``state.json`` has null for it.
    """

    step: int = 0
    loss: float = math.inf

    @property
    def is_known(self) -> bool:
        """Whether an evaluation has found one."""
        return math.isfinite(self.loss)

    def to_json(self) -> dict[str, int | float | None]:
        """JSON values."""
        return {"step": self.step, "loss": self.loss if self.is_known else None}

    @classmethod
    def from_json(cls, content: Any) -> Best:
        """Read back what ``to_json`` gave; raises ``NpgptError`` on anything else."""
        known: dict[str, Any] = content if isinstance(content, dict) else {}
        step, loss = known.get("step"), known.get("loss")
        if type(step) is not int or step < 0 or not (loss is None or _is_finite(loss)):
            raise NpgptError(f"its best loss is {short_repr(loss)} at step {short_repr(step)}")
        return cls(step, math.inf if loss is None else float(loss))


class State(NamedTuple):
    """What a checkpoint holds that is no array: its best, and numbers of the optimizer."""

    best: Best
    optimizer: dict[str, float | int]


def _read_1(content: Mapping[str, Any]) -> State:
    """Format 1, of npgpt 0.1, which wrote no number: the best in two keys, each perhaps null."""
    step, loss = content.get("best_step"), content.get("best_val_loss")
    best = {"step": 0 if step is None else step, "loss": loss}
    return State(Best.from_json(best), _numbers(content))


def _read_2(content: Mapping[str, Any]) -> State:
    return State(Best.from_json(content.get("best")), _numbers(content))


def _numbers(content: Mapping[str, Any]) -> dict[str, float | int]:
    numbers = content.get("optimizer")
    if not isinstance(numbers, dict) or not all(map(_is_finite, numbers.values())):
        raise NpgptError("the optimizer has something else than finite numbers")
    return numbers


def _is_finite(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


FORMAT = 2
READERS: Mapping[int, Callable[[Mapping[str, Any]], State]] = {1: _read_1, 2: _read_2}
"""Format of ``state.json`` -> what reads it."""
