"""The limit of a training step: its own matrix products, and nothing else.

The same shapes (the blocks of queries of causal attention too), split over the same threads, BLAS
held to one thread each, every operand contiguous and every result written into memory that is
already there. No step in NumPy can be faster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.child import Run, timed
from benchmarks.comparison import Comparison
from benchmarks.plan import Plan, published_settings
from benchmarks.side import Rounds, Work, alternate
from npgpt_core.layers.attention import query_blocks
from npgpt_core.types import Array

ROUNDS = 20
WARMUP = 3
PRODUCTS = "matrix products"


def measure(plan: Plan) -> Iterator[Comparison]:
    """The step and its products in turn, without peers."""
    for blas, environment in plan.environments.items():
        for vocab_size in plan.vocabularies:
            options = {"vocab_size": vocab_size, "threads": plan.threads, "tiny": plan.tiny}
            works = {
                "npgpt": Work("benchmarks.train:npgpt", options),
                PRODUCTS: products_work(options),
            }
            rounds = alternate(
                works, environment, rounds=plan.rounds(ROUNDS), warmup=1 if plan.tiny else WARMUP
            )
            yield compare_with_limit(vocab_size, rounds, blas)


def products_work(options: Mapping[str, Any]) -> Work:
    """The side that multiplies."""
    return Work("benchmarks.limit:products", options)


def compare_with_limit(vocab_size: int, rounds: Rounds, blas: str) -> Comparison:
    """The step and its products, of an alternation that may hold peers too."""
    figures = {name: rounds.figures[name] for name in (PRODUCTS, "npgpt")}
    flops = rounds.values[PRODUCTS][0]
    rate = flops / min(figures[PRODUCTS]) / 1e9
    note = f"{flops / 1e9:.1f} GFLOP, {rate:.0f} GFLOP/s at best"
    case = f"step, V = {vocab_size}"
    pair = Rounds(figures, {}, {}, rounds.disturbance)
    return Comparison("limit", case, PRODUCTS, pair, blas, notes=(note,))


class StepProducts:
    """Operands and results of every product that one worker computes in a step.

    Args:
        rows: B, the worker's share of the batch.
        length: T.
        weights: of the linear layers, in their order, each (I, O); shared by all workers.
        n_layer: number of blocks.
        n_head: H.
        rng: draws the operands.
    """

    def __init__(
        self,
        rows: int,
        length: int,
        weights: list[Array],
        n_layer: int,
        n_head: int,
        rng: np.random.Generator,
    ) -> None:
        self.rng = rng
        self.forward: list[tuple[Array, Array, Array]] = []
        self.backward: list[tuple[Array, Array, Array]] = []
        c = weights[-1].shape[0]
        for qkv, proj, expand, narrow in zip(*[iter(weights[: 4 * n_layer])] * 4, strict=True):
            self._linear(rows * length, qkv)
            self._attention((rows, n_head, length, c // n_head))
            for weight in (proj, expand, narrow):
                self._linear(rows * length, weight)
        self._linear(rows * length, weights[-1])

    def _draw(self, *shape: int) -> Array:
        return self.rng.standard_normal(shape, dtype=np.float32)

    def _linear(self, n: int, weight: Array) -> None:
        """y = x W; dW = xᵀ dy, dx = dy Wᵀ."""
        x, dy = self._draw(n, weight.shape[0]), self._draw(n, weight.shape[1])
        self.forward.append((x, weight, np.empty_like(dy)))
        self.backward.append((x.T, dy, np.empty_like(weight)))
        self.backward.append((dy, weight.T, np.empty_like(x)))

    def _attention(self, shape: tuple[int, int, int, int]) -> None:
        """For each block of queries: a = q kᵀ, y = a v; dv = aᵀ dy, da = dy vᵀ, dq, dk."""
        for t, s in query_blocks(shape[2], shape[2]):
            queries = (*shape[:2], t.stop - t.start, shape[3])
            keys = (*shape[:2], s.stop - s.start, shape[3])
            q, dy, k, v = (self._draw(*size) for size in (queries, queries, keys, keys))
            a, ds = (self._draw(*queries[:3], keys[2]) for _ in range(2))
            self.forward += [
                (q, k.swapaxes(-1, -2), a),
                (a, v, np.empty_like(q)),
            ]
            self.backward += [
                (a.swapaxes(-1, -2), dy, np.empty_like(v)),
                (dy, v.swapaxes(-1, -2), np.empty_like(a)),
                (ds, k, np.empty_like(q)),
                (ds.swapaxes(-1, -2), q, np.empty_like(k)),
            ]

    def flops(self) -> int:
        """Multiplications and additions."""
        return sum(2 * a.size * b.shape[-1] for a, b, _ in self.forward + self.backward)

    def run(self) -> None:
        """All of them once."""
        for a, b, out in self.forward:
            np.matmul(a, b, out=out)
        for a, b, out in reversed(self.backward):
            np.matmul(a, b, out=out)


@contextmanager
def products(vocab_size: int, threads: int, tiny: bool) -> Iterator[Run]:
    """The products of one step a turn; its value is their number of operations."""
    settings = published_settings(tiny, threads)
    size = settings.model.options
    c, n_layer = size["n_embd"], size["n_layer"]
    rng = np.random.default_rng(0)
    shapes = [(c, 3 * c), (c, c), (c, 4 * c), (4 * c, c)] * n_layer + [(c, vocab_size)]
    weights = [np.asarray(rng.standard_normal(shape, dtype=np.float32)) for shape in shapes]
    count = min(threads, settings.batch_size)
    bounds = [settings.batch_size * i // count for i in range(count + 1)]
    shares = [
        StepProducts(end - start, settings.block_size, weights, n_layer, size["n_head"], rng)
        for start, end in pairwise(bounds)
    ]
    flops = sum(share.flops() for share in shares)

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(count) as pool:

        def step() -> int:
            for _ in pool.map(StepProducts.run, shares):
                pass
            return flops

        yield lambda: timed(step)
