"""The training loop. It knows no GPT and no text: ids go in, updates come out."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from npgpt_core.clipping import clip_grad_norm
from npgpt_core.types import Ids
from npgpt_train.loop.batches import draw_batch
from npgpt_train.loop.diagnosis import NonFiniteError, non_finite_error
from npgpt_train.loop.processes import Processes
from npgpt_train.loop.randomness import Purpose, generator
from npgpt_train.loop.workers import Workers
from npgpt_train.settings.settings import Settings

MAX_SKIPS = 20  # steps in a row: more means that skipping does not help


class StepResult(NamedTuple):
    """What a step measured: its mean loss, and the joint norm of its gradients before clipping.

    ``updated`` is False if one of them is not finite: the weights are as they were.
    """

    loss: float
    grad_norm: float
    lr: float
    updated: bool


@dataclass(frozen=True)
class Trainer:
    """Everything that a step needs; built once, then ``steps`` is the loop.

    Args:
        workers: the model and its replicas.
        optimizer: of the model.
        schedule: step -> learning rate.
        train_tokens: (n,), the training split.
        val_tokens: (m,), the validation split.
        settings: of the run.
        processes: that train the same model together.
        on_nan: "stop" at a loss or gradient that is not finite, or "skip" such a step.
    """

    workers: Workers
    optimizer: Any
    schedule: Callable[[int], float]
    train_tokens: Ids
    val_tokens: Ids
    settings: Settings
    processes: Processes = field(default_factory=Processes)
    on_nan: str = "stop"

    def __post_init__(self) -> None:
        if hasattr(self.optimizer, "map"):
            self.optimizer.map = self.workers.pool.map

    def steps(self, start: int, end: int) -> Iterator[dict[str, Any]]:
        """Train from ``start`` steps done to ``end``; gives the metrics of every step.

        Raises:
            NonFiniteError: a loss or gradient that is not finite, or with "skip" MAX_SKIPS of them
                in a row; nothing was updated with it.
        """
        clock, skipped = time.perf_counter(), 0
        for step in range(start, end):
            loss, grad_norm, lr, updated = self.step(step)
            if updated:
                skipped, result = 0, {"loss": loss, "grad_norm": grad_norm}
            else:
                skipped, result = skipped + 1, {"skipped": True}
                if self.on_nan == "stop" or skipped == MAX_SKIPS:
                    raise self._non_finite(step, loss, grad_norm, skipped - 1)
            seconds = time.perf_counter() - clock
            yield {
                "step": step + 1,
                **result,
                "lr": lr,
                "tokens_per_second": self.rows * self.settings.block_size / seconds,
                "seconds": seconds,
            }
            clock = time.perf_counter()  # evaluation and checkpoints are not the step's

    def step(self, step: int) -> StepResult:
        """The step that follows ``step`` steps done: gradients, clipping, learning rate, update."""
        model, limit = self.workers.models[0], self.settings.grad_clip or math.inf
        self.optimizer.zero_grad()
        loss = self.gradients(step)
        grad_norm = clip_grad_norm(model, limit, map=self.workers.pool.map)
        self.optimizer.lr = lr = self.schedule(step)
        if finite := math.isfinite(loss) and math.isfinite(grad_norm):
            self.optimizer.step()
        return StepResult(loss, grad_norm, lr, finite)

    @property
    def rows(self) -> int:
        """Rows of a step, over all processes and micro-batches."""
        return self.settings.batch_size * self.settings.grad_accumulation * self.processes.size

    def gradients(self, step: int) -> float:
        """Draw the batch of a step; gives its mean loss, and adds its gradients to the model's."""
        loss, share = 0.0, self.settings.batch_size / self.rows
        for x, y, rngs in self._micro_batches(step):
            loss += self.workers.gradients(x, y, rngs, share)
        return self.processes.sum_gradients(self.workers.models[0].grads(), loss)

    def _micro_batches(self, step: int) -> Iterator[tuple[Ids, Ids, list[np.random.Generator]]]:
        """The micro-batches of this process, each with the generators of its dropout."""
        s = self.settings
        rng = generator(s.seed, Purpose.BATCH, step)
        x, y = draw_batch(self.train_tokens, self.rows, s.block_size, rng)
        mine = self.processes.own_rows(self.rows)
        for i in range(s.grad_accumulation):
            rows = slice(mine.start + i * s.batch_size, mine.start + (i + 1) * s.batch_size)
            yield x[rows], y[rows], self._dropout_rngs(step, i)

    def _non_finite(self, step: int, loss: float, grad_norm: float, skipped: int) -> NonFiniteError:
        """Compute the step again, looking for the first number that is not finite."""
        found = (self.workers.diagnose(x, y, rngs) for x, y, rngs in self._micro_batches(step))
        where = next((place for place in found if place), None)
        what, value = ("gradient", grad_norm) if math.isfinite(loss) else ("loss", loss)
        return non_finite_error(step + 1, what, value, where, self.settings.lr, skipped)

    def _dropout_rngs(self, step: int, micro_batch: int) -> list[np.random.Generator]:
        count, rank = len(self.workers.models), self.processes.rank
        workers = range(micro_batch * count, (micro_batch + 1) * count)
        return [generator(self.settings.seed, Purpose.DROPOUT, step, rank, w) for w in workers]

    def evaluate(self, step: int) -> dict[str, Any]:
        """Mean losses over a few random batches of both splits, the same at a step every time."""
        rng = generator(self.settings.seed, Purpose.EVALUATION, step)
        train_loss = self._mean_loss(self.train_tokens, rng)
        return {
            "step": step,
            "train_loss": train_loss,
            "val_loss": self._mean_loss(self.val_tokens, rng),
        }

    def _mean_loss(self, tokens: Ids, rng: np.random.Generator) -> float:
        """Mean loss over ``eval_iters`` batches, whose rows the processes share."""
        s, total = self.settings, 0.0
        rows = s.batch_size * self.processes.size
        mine = self.processes.own_rows(rows)
        for _ in range(s.eval_iters):
            x, y = draw_batch(tokens, rows, s.block_size, rng)
            total += self.workers.loss(x[mine], y[mine])
        return self.processes.sum(total) / (s.eval_iters * self.processes.size)
