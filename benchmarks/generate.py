"""Generation of one stream with a key/value cache: npgpt's ``generate`` and PyTorch eager.

Then the same of a real model (``benchmarks.smollm2``).

128 tokens after a prompt of one, so that all fits the block. Both run with their libraries' threads
and held to one, because on products so small threads may cost more than they bring.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks import smollm2
from benchmarks.child import Run, timed
from benchmarks.comparison import Comparison
from benchmarks.plan import Plan, published_settings
from benchmarks.side import Rounds, Work, alternate
from npgpt_core.generation import generate
from npgpt_train.settings import parts

ROUNDS = 20
PROMPT = [1]


def measure(plan: Plan) -> Iterator[Comparison]:
    """One alternation for every vocabulary and pin."""
    counts = dict.fromkeys((plan.threads, 1))  # once if they are equal
    for blas, environment in plan.environments.items():
        for vocab_size in plan.vocabularies:
            options = {"vocab_size": vocab_size, "tiny": plan.tiny}
            works = {
                name + (", held to 1 thread" if threads < plan.threads else ""): Work(
                    f"benchmarks.generate:{side}", {**options, "threads": threads}
                )
                for name, side in (("npgpt", "npgpt"), ("PyTorch eager", "pytorch"))
                for threads in counts
            }
            rounds = alternate(works, environment, rounds=plan.rounds(ROUNDS))
            length = len(next(iter(rounds.values.values()))[0]) - len(PROMPT)
            case = f"{length} tokens, V = {vocab_size}"
            yield Comparison("generate", case, "npgpt", rounds, blas, notes=_same_tokens(rounds))
    yield from smollm2.measure(plan)


def _same_tokens(rounds: Rounds) -> tuple[str, ...]:
    """Whether the sides agree on the likeliest tokens, which they drew in their first turn."""
    drawn = {name: values[0] for name, values in rounds.values.items()}
    differing = [name for name, ids in drawn.items() if ids != drawn["npgpt"]]
    if differing:
        return ("the likeliest tokens differ from npgpt's: " + ", ".join(differing),)
    return ("all sides give the same likeliest tokens",) if len(drawn) > 1 else ()


def _temperatures() -> Iterator[float]:
    yield 0.0
    while True:
        yield 1.0


def _model(vocab_size: int, tiny: bool) -> Any:
    """With weights large enough that the likeliest token is clear."""
    settings = published_settings(tiny, 1)
    model = parts.build_model(settings, vocab_size, np.random.default_rng(0))
    for array in model.parameters().values():
        if array.ndim == 2:
            array *= 2
    return model


@contextmanager
def npgpt(vocab_size: int, tiny: bool, threads: int) -> Iterator[Run]:
    """One generation a turn; its value is the ids."""
    model, temperatures = _model(vocab_size, tiny), _temperatures()

    def work() -> list[int]:
        ids = generate(model, PROMPT, model.config.block_size, temperature=next(temperatures))
        return [int(i) for i in ids]

    with threadpool_limits(threads, user_api="blas"):
        yield lambda: timed(work)


@contextmanager
def pytorch(vocab_size: int, tiny: bool, threads: int) -> Iterator[Run]:
    """The same by PyTorch."""
    import torch

    from benchmarks.torch_generation import TorchGeneration
    from benchmarks.torch_training import load_twin

    torch.set_num_threads(threads)
    twin, model, temperatures = load_twin(), _model(vocab_size, tiny), _temperatures()
    torch_model = twin.TorchGPT(model.config)
    twin.copy_weights(model, torch_model)
    generation = TorchGeneration(torch_model)

    def work() -> list[int]:
        length = model.config.block_size
        return generation.generate(PROMPT, length, next(temperatures))

    yield lambda: timed(work)
