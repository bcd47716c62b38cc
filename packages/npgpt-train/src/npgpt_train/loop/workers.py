"""The batch split by rows over threads: replicas of the model, and the sum of their gradients.

NumPy lets go of the interpreter lock inside its loops and matrix products, so threads run in
parallel. Each has a replica that shares the weights and owns its caches and gradients; BLAS is held
to one thread. Rows are split and gradients are summed in a fixed order, so the result does not
depend on timing.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import TypeVar

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.losses import CrossEntropy
from npgpt_core.module import Module
from npgpt_core.protocols import config_of
from npgpt_core.types import Array, Ids
from npgpt_train.loop.diagnosis import first_not_finite
from npgpt_train.machine.blas import one_blas_thread
from npgpt_train.machine.memory import require_memory, reuse_freed_memory

T = TypeVar("T")


class Workers:
    """Computes losses and gradients of one model on ``count`` threads.

    Args:
        model: accumulates the gradients.
        count: number of threads, at least 1.
    """

    def __init__(self, model: Module, count: int) -> None:
        self.models = [model, *(model.replica() for _ in range(count - 1))]
        self.criteria = [CrossEntropy() for _ in range(count)]
        self.pool = ThreadPoolExecutor(count, "npgpt-worker")

    def gradients(
        self, x: Ids, y: Ids, rngs: Sequence[np.random.Generator], share: float = 1.0
    ) -> float:
        """``share`` times the mean loss of a batch (B, T); its gradients are added to the model's.

        Args:
            x: inputs, (B, T).
            y: targets, (B, T).
            rngs: one generator a worker, for dropout.
            share: of the rows of a step that are in this batch.
        """

        def work(i: int, x: Ids, y: Ids) -> float:
            model, criterion = self.models[i], self.criteria[i]
            if i > 0:
                model.zero_grad()
            model.use_rng(rngs[i])
            weight = share * len(x) / batch_size
            with np.errstate(all="ignore"):  # the loop looks at what comes out
                loss = criterion(logits_of(model, x), y)
                model.backward(criterion.backward(weight))
            return float(weight * loss)

        batch_size = len(x)
        losses = self._split(work, x, y)
        self._sum_gradients(len(losses))
        return sum(losses)

    def diagnose(self, x: Ids, y: Ids, rngs: Sequence[np.random.Generator]) -> str | None:
        """What first is not finite in the forward and backward pass of a batch (B, T); or None.

        The gradients are worthless afterwards.
        """

        def work(i: int, x: Ids, y: Ids) -> str | None:
            model, criterion = self.models[i], self.criteria[i]
            model.use_rng(rngs[i])

            def run() -> None:
                criterion(logits_of(model, x), y)
                model.backward(criterion.backward())

            model.zero_grad()
            with np.errstate(all="ignore"):
                return first_not_finite(model, run)

        return next((where for where in self._split(work, x, y) if where), None)

    def _sum_gradients(self, count: int) -> None:
        """Add the gradients of the replicas to those of the model, each array on one thread."""
        totals, *others = (model.grads() for model in self.models[:count])

        def add(name: str) -> None:
            for grads in others:
                totals[name] += grads[name]

        for _ in self.pool.map(add, sorted(totals, key=lambda name: -totals[name].size)):
            pass

    def loss(self, x: Ids, y: Ids) -> float:
        """Mean loss of a batch (B, T) in evaluation mode."""

        def work(i: int, x: Ids, y: Ids) -> float:
            with np.errstate(all="ignore"):
                return float(
                    len(x) / batch_size * self.criteria[i](logits_of(self.models[i], x), y)
                )

        batch_size = len(x)
        for module in (*self.models, *self.criteria):
            module.eval()
        try:
            return sum(self._split(work, x, y))
        finally:
            for module in (*self.models, *self.criteria):
                module.train()

    def _split(self, work: Callable[[int, Ids, Ids], T], x: Ids, y: Ids) -> list[T]:
        count = min(len(self.models), len(x))
        bounds = [len(x) * i // count for i in range(count + 1)]
        pieces = [slice(start, end) for start, end in pairwise(bounds)]
        try:  # the pool starts its threads as they are needed
            results = self.pool.map(
                work, range(count), (x[p] for p in pieces), (y[p] for p in pieces)
            )
        except RuntimeError as error:
            raise NpgptError(
                f"this system gives no {count} threads ({error}): take fewer workers"
            ) from error
        return list(results)

    def close(self) -> None:
        """End the threads."""
        self.pool.shutdown()


def logits_of(model: Module, ids: Ids) -> Array:
    """The logits (B, T, V) that a model gives for ids (B, T).

    Raises:
        NpgptError: they have another shape.
    """
    logits: Array = model(ids)
    expected = (*ids.shape, config_of(model).vocab_size)
    if np.shape(logits) != expected:
        raise NpgptError(
            f"{type(model).__name__} gave logits {np.shape(logits)}, expected {expected}: for each"
            " of B rows and T tokens one of each of the V that may follow"
        )
    return logits


@contextmanager
def open_workers(model: Module, count: int, rows: int) -> Iterator[Workers]:
    """Workers for the length of a ``with`` block, in which BLAS runs on one thread a call.

    Args:
        model: see ``Workers``.
        count: of threads that were asked for.
        rows: of a batch; there is no use for more threads.

    Raises:
        NpgptError: the gradients of so many replicas do not fit into memory.
    """
    count = min(count, rows)
    what = f"{count:,} times the gradients of the model"
    require_memory(count * model.nbytes, what, "take fewer workers or a larger machine")
    with one_blas_thread(), reuse_freed_memory():
        workers = Workers(model, count)
        try:
            yield workers
        finally:
            workers.close()
