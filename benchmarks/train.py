"""A training step of npgpt, of PyTorch eager in float32 and under bf16 autocast, and the limit.

npgpt's steps are those of the training loop itself: ``Trainer.steps`` on in-memory tokens. PyTorch
runs the twin of the parity tests from the same weights on the same batches, with Adam and clipping.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.child import Run, timed
from benchmarks.comparison import Comparison
from benchmarks.limit import PRODUCTS, compare_with_limit, products_work
from benchmarks.plan import Plan, published_settings
from benchmarks.side import Rounds, Work, alternate
from npgpt_core.errors import NpgptError
from npgpt_core.types import Ids
from npgpt_train.loop.batches import draw_batch
from npgpt_train.loop.processes import Processes
from npgpt_train.loop.randomness import Purpose, generator
from npgpt_train.loop.trainer import Trainer
from npgpt_train.loop.workers import open_workers
from npgpt_train.settings import parts
from npgpt_train.settings.settings import Settings

ROUNDS = 20
WARMUP = 3
TOKENS = 200_000
SAME_LOSS = 0.02  # relative; bf16 keeps eight bits


def measure(plan: Plan) -> Iterator[Comparison]:
    """One alternation for every vocabulary and pin."""
    for blas, environment in plan.environments.items():
        for vocab_size in plan.vocabularies:
            options = {"vocab_size": vocab_size, "threads": plan.threads, "tiny": plan.tiny}
            works = {
                "npgpt": Work("benchmarks.train:npgpt", options),
                "PyTorch eager": Work("benchmarks.train:pytorch", {**options, "bf16": False}),
                "PyTorch bf16": Work("benchmarks.train:pytorch", {**options, "bf16": True}),
                PRODUCTS: products_work(options),
            }
            rounds = alternate(
                works, environment, rounds=plan.rounds(ROUNDS), warmup=1 if plan.tiny else WARMUP
            )
            yield _compare_with_peers(vocab_size, rounds, blas)
            yield compare_with_limit(vocab_size, rounds, blas)


def _compare_with_peers(vocab_size: int, rounds: Rounds, blas: str) -> Comparison:
    """The alternation without the limit, once it is clear that all sides did the same."""
    losses = {name: values[0] for name, values in rounds.values.items() if name != PRODUCTS}
    for loss in losses.values():
        if not math.isclose(loss, losses["npgpt"], rel_tol=SAME_LOSS):
            raise NpgptError(f"the first losses differ, so the sides do not do the same: {losses}")
    note = "first loss: " + ", ".join(f"{name} {loss:.5f}" for name, loss in losses.items())
    peers = Rounds(
        {name: figures for name, figures in rounds.figures.items() if name != PRODUCTS},
        rounds.values,
        rounds.missing,
        rounds.disturbance,
    )
    return Comparison("train", f"step, V = {vocab_size}", "npgpt", peers, blas, notes=(note,))


def _tokens(vocab_size: int) -> Ids:
    return np.random.default_rng(0).integers(0, vocab_size, TOKENS, dtype=np.int32)


def _model(settings: Settings, vocab_size: int) -> Any:
    rng = generator(settings.seed, Purpose.WEIGHTS)
    return parts.build_model(settings, vocab_size, rng)


@contextmanager
def npgpt(vocab_size: int, threads: int, tiny: bool) -> Iterator[Run]:
    """One step of the training loop a turn; its value is the loss."""
    with open_steps(published_settings(tiny, threads), vocab_size, Processes()) as steps:
        yield lambda: timed(lambda: next(steps)["loss"])


@contextmanager
def open_steps(
    settings: Settings, vocab_size: int, processes: Processes
) -> Iterator[Iterator[dict[str, Any]]]:
    """The steps of the training loop, ready to go."""
    model, tokens = _model(settings, vocab_size), _tokens(vocab_size)
    optimizer = parts.build_optimizer(settings, model)
    schedule = parts.build_schedule(settings)
    with open_workers(model, settings.workers, settings.batch_size) as workers:
        trainer = Trainer(workers, optimizer, schedule, tokens, tokens, settings, processes)
        yield trainer.steps(0, settings.max_iters)


@contextmanager
def pytorch(vocab_size: int, threads: int, tiny: bool, bf16: bool) -> Iterator[Run]:
    """The same steps by PyTorch."""
    from benchmarks.torch_training import TorchTraining

    settings = published_settings(tiny, threads)
    model, tokens = _model(settings, vocab_size), _tokens(vocab_size)
    schedule = parts.build_schedule(settings)
    training = TorchTraining(
        model.config, threads=threads, bf16=bf16, grad_clip=settings.grad_clip, weights_of=model
    )
    del model
    numbers = iter(range(settings.max_iters))

    def step() -> float:
        number = next(numbers)
        rng = generator(settings.seed, Purpose.BATCH, number)
        x, y = draw_batch(tokens, settings.batch_size, settings.block_size, rng)
        return training.step(x, y, lr=schedule(number))

    yield lambda: timed(step)
