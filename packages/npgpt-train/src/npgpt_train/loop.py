"""The training loop. It knows no GPT and no text: ids go in, updates come out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from npgpt_core.clipping import clip_grad_norm
from npgpt_core.types import Ids
from npgpt_train.batches import draw_batch
from npgpt_train.evaluation import estimate_loss
from npgpt_train.randomness import Purpose, generator
from npgpt_train.settings import Settings
from npgpt_train.workers import Workers


@dataclass(frozen=True)
class Trainer:
    """Everything that a step needs; built once, then ``steps`` is the loop.

    Args:
        workers: the model and its replicas.
        optimizer: of the model.
        schedule: step -> learning rate.
        train_tokens: (n,), the training part.
        val_tokens: (m,), the validation part.
        settings: of the run.
    """

    workers: Workers
    optimizer: Any
    schedule: Callable[[int], float]
    train_tokens: Ids
    val_tokens: Ids
    settings: Settings

    def steps(self, start: int, end: int) -> Iterator[dict[str, Any]]:
        """Train from ``start`` steps done to ``end``; gives the metrics of every step."""
        s = self.settings
        if hasattr(self.optimizer, "map"):
            self.optimizer.map = self.workers.pool.map  # its pieces are updated on all threads
        model = self.workers.models[0]
        clock = time.perf_counter()
        for step in range(start, end):
            batch_rng = generator(s.seed, Purpose.BATCH, step)
            x, y = draw_batch(self.train_tokens, s.batch_size, s.block_size, batch_rng)

            self.optimizer.zero_grad()
            loss = self.workers.gradients(x, y, self._dropout_rngs(step))
            grad_norm = clip_grad_norm(model, s.grad_clip or float("inf"))
            self.optimizer.lr = lr = self.schedule(step)
            self.optimizer.step()

            seconds = time.perf_counter() - clock
            yield {
                "step": step + 1,
                "loss": loss,
                "grad_norm": grad_norm,
                "lr": lr,
                "tokens_per_second": x.size / seconds,
                "seconds": seconds,
            }
            clock = time.perf_counter()  # evaluation and checkpoints are not the step's

    def evaluate(self, step: int) -> Mapping[str, Any]:
        """Mean losses over a few random batches of both parts, the same at a step every time."""
        s = self.settings
        rng = generator(s.seed, Purpose.EVALUATION, step)
        losses = {
            name: estimate_loss(
                self.workers,
                tokens,
                batches=s.eval_iters,
                batch_size=s.batch_size,
                block_size=s.block_size,
                rng=rng,
            )
            for name, tokens in (("train_loss", self.train_tokens), ("val_loss", self.val_tokens))
        }
        return {"step": step, **losses}

    def _dropout_rngs(self, step: int) -> list[np.random.Generator]:
        seed, count = self.settings.seed, len(self.workers.models)
        return [generator(seed, Purpose.DROPOUT, step, worker=i) for i in range(count)]
