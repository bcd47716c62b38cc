"""Where the time of a training step goes: each module's ``forward`` and ``backward``, and the rest.

Each is timed on the thread that runs it, without the modules below it, and divided by the number of
threads. The step takes turns with its matrix products alone: the limit.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from benchmarks.child import Run
from benchmarks.comparison import Comparison
from benchmarks.limit import PRODUCTS, products_work
from benchmarks.plan import Plan, published_settings
from benchmarks.side import Rounds, Work, alternate
from benchmarks.train import open_steps
from npgpt_core import Module
from npgpt_train.loop.processes import Processes
from npgpt_train.loop.workers import Workers

Times = dict[str, float]
ROUNDS = 20
WARMUP = 3
STEP = "step"
GRADIENTS = "gradients"  # of all workers together, their sum included


def measure(plan: Plan) -> Iterator[Comparison]:
    """One alternation for every vocabulary, with the kernels that OpenBLAS chooses itself."""
    for vocab_size in plan.vocabularies:
        options = {"vocab_size": vocab_size, "threads": plan.threads, "tiny": plan.tiny}
        works = {STEP: Work("benchmarks.parts:step", options), PRODUCTS: products_work(options)}
        rounds = alternate(
            works,
            plan.environment,
            rounds=plan.rounds(ROUNDS),
            warmup=1 if plan.tiny else WARMUP,
        )
        yield Comparison("parts", f"step, V = {vocab_size}", PRODUCTS, _by_part(rounds))


def _by_part(rounds: Rounds) -> Rounds:
    """A row for every part, the longest first, then the whole step and its products."""
    kept = rounds.values[STEP][-len(rounds.figures[STEP]) :]
    parts = {name: [times.get(name, 0.0) for times in kept] for name in kept[0]}
    longest_first = sorted(parts, key=lambda name: -median(parts[name]))
    figures = {name: parts[name] for name in longest_first} | rounds.figures
    return Rounds(figures, {}, rounds.missing, rounds.disturbance)


@contextmanager
def step(vocab_size: int, threads: int, tiny: bool) -> Iterator[Run]:
    """One step a turn; its value is the seconds of each part."""
    times: Times = defaultdict(float)
    with (
        open_steps(published_settings(tiny, threads), vocab_size, Processes()) as steps,
        timed_modules(times),
    ):

        def run() -> tuple[float, Times]:
            times.clear()
            seconds: float = next(steps)["seconds"]
            parts = {name: time / threads for name, time in times.items() if name != GRADIENTS}
            waited = times[GRADIENTS] - sum(parts.values())
            parts["waiting, and the sum of the workers' gradients"] = waited
            parts["batch, clipping, update"] = seconds - times[GRADIENTS]
            return seconds, parts

        yield run


@contextmanager
def timed_modules(times: Times) -> Iterator[None]:
    """Add the seconds of every module class, and of all gradients together, to ``times``."""
    local = threading.local()

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            below = getattr(local, "below", 0.0)
            local.below = 0.0
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                seconds = time.perf_counter() - start
                times[name] += seconds - local.below
                local.below = below + seconds

        return wrapper

    replaced = []
    for cls in _concrete(Module):
        for name in ("forward", "backward"):
            if name in vars(cls):
                replaced.append((cls, name, vars(cls)[name]))
    replaced.append((Workers, "gradients", Workers.gradients))
    for cls, name, function in replaced:
        label = GRADIENTS if cls is Workers else f"{cls.__name__}.{name}"
        setattr(cls, name, timed(label, function))
    try:
        yield
    finally:
        for cls, name, function in replaced:
            setattr(cls, name, function)


def _concrete(cls: type[Module]) -> Iterator[type[Module]]:
    for child in cls.__subclasses__():
        yield child
        yield from _concrete(child)
