"""Peak memory of a short training run, each in a fresh process.

What a process takes for its libraries alone counts too, and is said beside: a run cannot do without
them. PyTorch's side imports nothing of npgpt.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.child import Run, peak_memory
from benchmarks.comparison import Comparison
from benchmarks.plan import Plan, published_settings
from benchmarks.side import Work, alternate

ROUNDS = 3
STEPS = 20


def measure(plan: Plan) -> Iterator[Comparison]:
    """Megabytes of each side for every vocabulary."""
    settings = published_settings(plan.tiny, plan.threads)
    setting = {
        "steps": STEPS,
        "batch_size": settings.batch_size,
        "block_size": settings.block_size,
        **settings.model.options,
    }
    for vocab_size in plan.vocabularies:
        options = {"vocab_size": vocab_size, "threads": plan.threads}
        works = {
            "npgpt": Work("benchmarks.memory:npgpt", {**options, "tiny": plan.tiny}),
            "PyTorch eager": Work("benchmarks.torch_training:short_run", {**options, **setting}),
        }
        rounds = alternate(
            works, plan.environment, rounds=plan.rounds(ROUNDS), warmup=0, fresh=True
        )
        notes = tuple(
            f"{name}: {statistics.median(values):.0f} MB of it before the first step"
            for name, values in rounds.values.items()
        )
        case = f"peak of {STEPS} steps, V = {vocab_size}"
        yield Comparison("memory", case, "npgpt", rounds, unit="MB", notes=notes)


@contextmanager
def npgpt(vocab_size: int, threads: int, tiny: bool) -> Iterator[Run]:
    """Peak memory after some steps of the training loop."""
    from benchmarks import train

    with train.npgpt(vocab_size, threads, tiny) as step:
        before = peak_memory()

        def run() -> tuple[float, float]:
            for _ in range(STEPS):
                step()
            return peak_memory(), before

        yield run
