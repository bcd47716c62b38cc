"""Generation by a real model, SmolLM2-135M: npgpt's ``stream`` and transformers, eager and sdpa.

A prompt of 512 tokens and 64 new ones, timed apart, the likeliest token each time. Both have the
same weights in float32. A new token reads every weight once, so the time in which this machine
reads them is the limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.child import Run, timed
from benchmarks.comparison import Comparison
from benchmarks.plan import Plan
from benchmarks.side import Rounds, Work, alternate
from npgpt_convert.conversion import from_foreign, to_foreign
from npgpt_convert.sources.installed import find_installed
from npgpt_convert.sources.reading import read_source
from npgpt_core import registry
from npgpt_core.generation import stream
from npgpt_core.types import Ids
from npgpt_core.zero_weights import ZeroWeights
from npgpt_train.machine.blas import with_fastest_blas

ROUNDS = 10
PROMPT, NEW = 512, 64
READING = "reading the weights"
TINY = {
    "vocab_size": 256,
    "block_size": 1024,
    "n_layer": 2,
    "n_head": 4,
    "n_kv_head": 2,
    "n_embd": 32,
    "n_hidden": 64,
}


def measure(plan: Plan) -> Iterator[Comparison]:
    """The prompt, then the new tokens."""
    counts = dict.fromkeys((plan.threads, 1))  # once if they are equal
    options = {"tiny": plan.tiny}
    for phase, case in (("prompt", f"prompt of {PROMPT} tokens"), ("new", f"{NEW} new tokens")):
        works = {
            name + (", held to 1 thread" if threads < plan.threads else ""): Work(
                f"benchmarks.smollm2:{side}",
                {**options, **more, "phase": phase, "threads": threads},
            )
            for name, side, more in (
                ("npgpt", "npgpt", {}),
                ("transformers eager", "transformers", {"attention": "eager"}),
                ("transformers sdpa", "transformers", {"attention": "sdpa"}),
            )
            for threads in counts
        }
        if phase == "new":
            threads = {"threads": plan.threads}
            works[READING] = Work("benchmarks.smollm2:reading", options | threads)
        rounds = alternate(works, plan.environment, rounds=plan.rounds(ROUNDS), warmup=1)
        yield Comparison("generate", f"SmolLM2, {case}", "npgpt", rounds, notes=_notes(rounds))


def _notes(rounds: Rounds) -> tuple[str, ...]:
    """Whether the sides agree, and how fast the weights were read."""
    tokens = {name: values[0] for name, values in rounds.values.items() if name != READING}
    differing = [name for name, ids in tokens.items() if ids != tokens["npgpt"]]
    notes = (
        "all sides give the same likeliest tokens"
        if not differing
        else "the likeliest tokens differ from npgpt's: " + ", ".join(differing),
    )
    if READING not in rounds.figures:
        return notes
    rate = rounds.values[READING][0] / min(rounds.figures[READING]) / 1e9
    return (*notes, f"the weights were read at {rate:.1f} GB/s at best")


def _model(tiny: bool) -> Any:
    """SmolLM2; or a small Llama with weights so large that the likeliest token is clear.

    Raises:
        NpgptError: SmolLM2 is not installed.
    """
    llama = registry.load("model", "llama")
    if tiny:
        model = llama(llama.Config(**TINY), rng=np.random.default_rng(0))
        for array in model.parameters().values():
            array *= 10
        return model
    foreign = read_source(find_installed("smollm2")).model
    assert foreign is not None
    converted = from_foreign(foreign)
    model = llama(llama.Config(**converted.options), rng=ZeroWeights())
    model.load_state_dict({name: tensor.read() for name, tensor in converted.tensors.items()})
    return model


def _prompt(model: Any) -> Ids:
    return np.random.default_rng(1).integers(0, model.config.vocab_size, PROMPT)


def _phase(first: Callable[[], Any], rest: Callable[[], list[int]], phase: str) -> Any:
    """Seconds of what is asked for, and the tokens: ``first`` gives one, ``rest`` all others."""
    seconds, token = timed(first)
    if phase == "prompt":
        return seconds, [token]
    return timed(rest)


@contextmanager
def npgpt(phase: str, tiny: bool, threads: int) -> Iterator[Run]:
    """One generation a turn; its value is the tokens."""
    model = _model(tiny)
    prompt = _prompt(model)

    def run() -> tuple[float, Any]:
        columns = stream(model, prompt, 1 + NEW, temperature=0)
        if threads > 1:
            columns = with_fastest_blas(columns, model.nbytes)  # as the command does
        return _phase(lambda: int(next(columns)[0]), lambda: [int(c[0]) for c in columns], phase)

    with threadpool_limits(threads, user_api="blas"):
        yield run


@contextmanager
def transformers(phase: str, tiny: bool, threads: int, attention: str) -> Iterator[Run]:
    """The same by transformers, without what its ``generate`` does around a token."""
    import torch
    from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(threads)
    ours = _model(tiny)
    foreign = to_foreign("huggingface", "llama", vars(ours.config), ours.state_dict())
    config = LlamaConfig(**foreign.metadata, attn_implementation=attention)
    model = LlamaForCausalLM(config).eval()
    weights = {name: torch.from_numpy(tensor.read()) for name, tensor in foreign.tensors.items()}
    model.load_state_dict(weights, strict=False)  # a tied head is not among them
    model.tie_weights()
    prompt = torch.from_numpy(_prompt(ours))[None]

    @torch.inference_mode()
    def run() -> tuple[float, Any]:
        cache = DynamicCache(config=config)

        def step(ids: Any) -> Any:
            return model(ids, cache=cache, logits_to_keep=1).logits[:, -1].argmax(-1)

        def first() -> int:
            nonlocal last
            last = step(prompt)
            return int(last)

        def follow() -> int:
            nonlocal last
            last = step(last[None])
            return int(last)

        last: Any = None
        return _phase(first, lambda: [follow() for _ in range(NEW)], phase)

    yield run


@contextmanager
def reading(tiny: bool, threads: int) -> Iterator[Run]:
    """Every weight, once for each new token; the value is how many bytes that are."""
    arrays = [array.reshape(-1) for array in _model(tiny).parameters().values()]
    pieces = [piece for array in arrays for piece in np.array_split(array, threads)]
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:

        def run() -> tuple[float, int]:
            start = time.perf_counter()
            for _ in range(NEW):
                for _ in pool.map(lambda piece: np.dot(piece, piece), pieces):
                    pass
            return time.perf_counter() - start, NEW * sum(array.nbytes for array in arrays)

        yield run
