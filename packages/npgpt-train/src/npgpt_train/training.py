"""A run from its first setting to its last sample: ``train(preset="tiny", out="runs/x")``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.generation import generate
from npgpt_train import parts
from npgpt_train.checkpoint import Checkpoint
from npgpt_train.choices import Choices, choose
from npgpt_train.loop import Trainer
from npgpt_train.metrics import MetricsLog
from npgpt_train.plots import plot_curves
from npgpt_train.preparation import Preparation, new_run, resumed_run
from npgpt_train.progress import Evaluated, Event, Finished, Report, Started, Stepped
from npgpt_train.run import Run, check_free, next_free
from npgpt_train.settings import Settings
from npgpt_train.workers import open_workers, physical_cores

KEEP = 3
SAMPLE_TOKENS = 500


def _ignore(event: Event) -> None:
    """Show nothing."""


def train(
    *,
    out: str | Path | None = None,
    resume: bool = False,
    init_from: str | Path | None = None,
    preset: str | None = None,
    config: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    report: Report = _ignore,
    **flags: Any,
) -> Run:
    """Train a model, or continue a run.

    Args:
        out: the run's folder; the next free ``runs/DATA-TOKENIZER-N`` unless given.
        resume: continue the run in ``out`` from its newest checkpoint.
        init_from: a run whose weights and tokenizer to start from.
        preset: numbers to start from: "tiny", "quick" or "full".
        config: settings of a file, as ``choices.read_config`` gives them.
        options: dotted options of parts, {"tokenizer.min_frequency": 2}.
        report: is called with every event (``npgpt_train.progress``).
        flags: any setting: ``data="shakespeare", tokenizer="bpe", optim="adam", lr=1e-3``.

    Returns:
        The finished run; ``load_run(run.folder)`` opens it.

    Raises:
        NpgptError: wrong settings, data or files, before anything is written.
    """
    choices = choose(preset=preset, config=config, options=options, flags=flags)
    if resume:
        if out is None:
            raise NpgptError("which run should be resumed? Name its folder with --out")
        if preset is not None or init_from is not None:
            raise NpgptError("a resumed run keeps its settings: leave out --preset and --init-from")
        return _run(resumed_run(Path(out), choices, report), report)
    source = Run.open(init_from) if init_from is not None else None
    settings = parts.resolve(_like(source, choices) if source else choices)
    settings = dataclasses.replace(settings, workers=settings.workers or physical_cores())
    folder = Path(out) if out is not None else next_free(Path("runs"), _stem(settings))
    check_free(folder)
    return _run(new_run(settings, folder, source, report), report)


def _stem(settings: Settings) -> str:
    data = Path(settings.data[0]).stem or "text"
    return f"{data}-{settings.tokenizer.name}".replace("/", "-")


def _like(source: Run, choices: Choices) -> Choices:
    """The tokenizer, model and block size of ``source``, unless asked otherwise in vain."""
    own = source.settings
    fixed: dict[str, Any] = {"block_size": own.block_size}
    for kind in ("tokenizer", "model"):
        part = getattr(own, kind)
        fixed[kind] = part.name
        fixed |= {f"{kind}.{option}": value for option, value in part.options.items()}
    for key in choices.asked & fixed.keys():
        if choices.values[key] != fixed[key]:
            raise NpgptError(
                f"{key} = {choices.values[key]!r} does not fit --init-from {source.folder}, which"
                f" has {fixed[key]!r}: leave it out"
            )
    return Choices({**choices.values, **fixed}, choices.asked)


def _run(prepared: Preparation, report: Report) -> Run:
    """The steps, with an evaluation and a checkpoint every so often, and the end of the run."""
    run, s = prepared.run, prepared.run.settings
    best = prepared.best_val_loss
    report(_started(prepared))
    with open_workers(prepared.model, s.workers) as workers, MetricsLog(run.metrics_path) as log:
        trainer = Trainer(
            workers,
            prepared.optimizer,
            prepared.schedule,
            prepared.tokens.train,
            prepared.tokens.val,
            s,
        )
        if prepared.step == 0:
            evaluation = trainer.evaluate(0)
            log.append(evaluation)
            report(Evaluated(evaluation, best=False))
        for metrics in trainer.steps(prepared.step, s.max_iters):
            log.append(metrics)
            report(Stepped(metrics))
            step = metrics["step"]
            if step % s.eval_interval == 0 or step == s.max_iters:
                evaluation = trainer.evaluate(step)
                is_best = evaluation["val_loss"] < best
                best = min(best, evaluation["val_loss"])
                log.append(evaluation)
                run.checkpoints.save(_checkpoint(prepared, step, best), best=is_best, keep=KEEP)
                report(Evaluated(evaluation, is_best))
    report(_finish(run))
    return run


def _started(prepared: Preparation) -> Started:
    run = prepared.run
    return Started(
        run.folder,
        run.settings,
        prepared.step,
        run.record["parameters"],
        run.record["vocab_size"],
        len(prepared.tokens.train),
        len(prepared.tokens.val),
        run.record["data"]["characters"],
    )


def _checkpoint(prepared: Preparation, step: int, best: float) -> Checkpoint:
    state = {"best_val_loss": best if math.isfinite(best) else None}
    return Checkpoint(step, prepared.model.state_dict(), prepared.optimizer.state_dict(), state)


def _finish(run: Run) -> Finished:
    """Draw the curves, write a sample, and say how it ended."""
    metrics = run.metrics()
    curves, note = run.folder / "curves.png", ""
    try:
        plot_curves(metrics, curves, title=run.folder.name)
    except NpgptError as error:
        note = str(error)
    sample = sample_text(run)
    (run.folder / "sample.txt").write_text(sample, encoding="utf-8", errors="surrogatepass")
    last = [event for event in metrics if "val_loss" in event][-1]
    return Finished(run.folder, last, sample, None if note else curves, note)


def sample_text(run: Run) -> str:
    """500 tokens that follow a line break, from the best checkpoint; the same every time."""
    model, tokenizer = run.model(), run.tokenizer()
    prompt = tokenizer.encode("\n")
    if len(prompt) == 0:
        prompt = np.array([tokenizer.special_tokens.index("<bos>")])
    ids = generate(model, prompt, SAMPLE_TOKENS, temperature=0.8, seed=run.settings.seed)
    return str(tokenizer.decode(ids[len(prompt) :]))
