"""PyTorch's side of training: the twin of the parity tests, Adam, clipping, the usual step.

This file knows no npgpt package, so that PyTorch's memory is measured without any.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks.child import Run, peak_memory

TWIN = Path(__file__).parents[1] / "tests" / "parity" / "torch_gpt.py"


def load_twin() -> Any:
    """The module ``tests/parity/torch_gpt.py``."""
    spec = importlib.util.spec_from_file_location("torch_gpt", TWIN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TorchTraining:
    """A GPT of PyTorch and its optimizer.

    Args:
        config: with the fields of ``GPTConfig``.
        threads: that PyTorch may use.
        bf16: run the forward pass under bf16 autocast.
        grad_clip: largest norm of the gradients.
        weights_of: an npgpt model of the same config to start from.
    """

    def __init__(
        self,
        config: Any,
        *,
        threads: int,
        bf16: bool = False,
        grad_clip: float = 1.0,
        weights_of: Any = None,
    ) -> None:
        torch.set_num_threads(threads)
        twin = load_twin()
        self.model = twin.TorchGPT(config)
        if weights_of is not None:
            twin.copy_weights(weights_of, self.model)
        self.optimizer = torch.optim.Adam(self.model.parameters())
        self.grad_clip = grad_clip
        self.bf16 = bf16

    def step(self, x: np.ndarray, y: np.ndarray, *, lr: float) -> float:
        """Forward, loss, backward, clipping and Adam on ids (B, T); gives the loss."""
        ids, targets = torch.from_numpy(x), torch.from_numpy(y)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16) if self.bf16 else nullcontext():
            logits = self.model(ids)
            loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.grad_clip)
        self.optimizer.step()
        return float(loss.item())


@contextmanager
def short_run(steps: int, threads: int, batch_size: int, **config: Any) -> Iterator[Run]:
    """Peak memory after some steps; its value is the peak before them."""
    training = TorchTraining(SimpleNamespace(**config), threads=threads)
    before = peak_memory()
    rng = np.random.default_rng(0)

    def run() -> tuple[float, float]:
        for _ in range(steps):
            x, y = rng.integers(0, config["vocab_size"], (2, batch_size, config["block_size"]))
            training.step(x, y, lr=1e-4)
        return peak_memory(), before

    yield run
