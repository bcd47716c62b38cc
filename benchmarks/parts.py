"""Where the time of a training step goes: ``python -m benchmarks.parts`` prints a Markdown table.

Every module's ``forward`` and ``backward`` is timed on the thread that runs it, without the modules
below it; the limit is the step's matrix products alone, in turn with the steps.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import click

from benchmarks.limit import products
from benchmarks.plan import published_settings
from benchmarks.train import open_steps
from npgpt_core import CrossEntropy, Module
from npgpt_train.processes import Processes
from npgpt_train.workers import Workers, physical_cores

Times = dict[str, float]
WARMUP = 3


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
        label = "gradients" if cls is Workers else f"{cls.__name__}.{name}"
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


def measure(vocab_size: int, threads: int, rounds: int) -> tuple[Times, float]:
    """Median seconds a step of each part, for one thread; and of the limit."""
    _ = CrossEntropy  # loaded, like the model's layers, before the classes are listed
    settings, steps_of = published_settings(False, threads), defaultdict(list)
    limits, times = [], defaultdict(float)
    with (
        products(vocab_size, threads, False) as multiply,
        open_steps(settings, vocab_size, Processes()) as steps,
        timed_modules(times),
    ):
        for number in range(WARMUP + rounds):
            limit, _ = multiply()
            times.clear()
            seconds = next(steps)["seconds"]
            if number < WARMUP:
                continue
            limits.append(limit)
            parts = {k: v / threads for k, v in times.items() if k != "gradients"}
            parts["waiting, and the sum of the workers' gradients"] = times["gradients"] - sum(
                parts.values()
            )
            parts["batch, clipping, update"] = seconds - times["gradients"]
            parts["**step**"] = seconds
            for name, value in parts.items():
                steps_of[name].append(value)
    return {name: median(values) for name, values in steps_of.items()}, median(limits)


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=20, show_default=True)
@click.option("--threads", type=click.IntRange(1), default=physical_cores)
@click.option("--vocab-size", type=click.IntRange(1), multiple=True, default=(69, 6551))
def main(rounds: int, threads: int, vocab_size: tuple[int, ...]) -> None:
    """Print milliseconds of one thread, and the share of the matrix products alone."""
    for v in vocab_size:
        times, limit = measure(v, threads, rounds)
        click.echo(
            f"\nV = {v:,}, {threads} threads\n\n| part | ms | of the limit |\n|---|---:|---:|"
        )
        rows = sorted(times.items(), key=lambda row: (row[0] == "**step**", -row[1]))
        for name, seconds in [*rows, ("its matrix products alone: the limit", limit)]:
            if seconds > 0.0005:
                click.echo(f"| {name} | {seconds * 1000:.1f} | {seconds / limit:.0%} |")


if __name__ == "__main__":
    main()
