"""A run opened for use: ``load_run("runs/x")`` gives its model, tokenizer, settings and metrics."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from npgpt_core.module import Module
from npgpt_core.protocols import Tokenizer
from npgpt_train.run.folder import Run
from npgpt_train.run.metrics import Metrics
from npgpt_train.settings.settings import Settings


class LoadedRun(NamedTuple):
    """What ``load_run`` gives; the model is in evaluation mode."""

    model: Module
    tokenizer: Tokenizer
    settings: Settings
    metrics: Metrics

    def __repr__(self) -> str:
        """What of each there is, in one line."""
        return (
            f"LoadedRun(model={type(self.model).__name__} with"
            f" {self.model.num_parameters():,} parameters,"
            f" tokenizer={type(self.tokenizer).__name__} with {self.tokenizer.vocab_size:,} ids,"
            f" settings=Settings of {self.settings.max_iters:,} steps,"
            f" metrics={len(self.metrics):,} events)"
        )


def load_run(folder: str | Path, checkpoint: str = "best") -> LoadedRun:
    """Open a run: its model, tokenizer, settings and metrics.

    Args:
        folder: of the run.
        checkpoint: "best" (lowest validation loss; the latest if none was measured), "latest" or a
            step.

    Raises:
        NpgptError: no run, no checkpoint, a damaged file, or a part that is not installed.
    """
    run = Run.open(folder)
    run.require_parts("model", "tokenizer")
    return LoadedRun(run.model(checkpoint), run.tokenizer(), run.settings, run.metrics())
