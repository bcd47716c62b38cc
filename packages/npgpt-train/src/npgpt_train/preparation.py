"""Everything that must be right before the first step, for a new run and for one that goes on.

Whatever can be wrong about the input shows here; only then is the run's folder made.
"""

from __future__ import annotations

import dataclasses
import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_train import parts
from npgpt_train.batches import last_start
from npgpt_train.checkpoint import replace_file
from npgpt_train.choices import Choices
from npgpt_train.corpus import Corpus, open_dataset
from npgpt_train.metrics import cut_metrics
from npgpt_train.progress import Preparing, Report
from npgpt_train.randomness import Purpose, generator
from npgpt_train.run import Run
from npgpt_train.settings import Settings
from npgpt_train.token_file import Tokens, token_files


@dataclass(frozen=True)
class Preparation:
    """A run that can start: after ``step`` steps done, ``best_val_loss`` the lowest so far."""

    run: Run
    tokens: Tokens
    model: Any
    optimizer: Any
    schedule: Callable[[int], float]
    step: int = 0
    best_val_loss: float = float("inf")


def new_run(
    settings: Settings,
    folder: Path,
    source: Run | None,
    ranks: int,
    report: Report,
    *,
    preset: str = "full",
) -> Preparation:
    """Prepare a run from scratch, or from the weights and tokenizer of ``source``; make its folder.

    Args:
        settings: every one of them.
        folder: to make.
        source: the run that lends weights and tokenizer, or None.
        ranks: number of processes.
        report: hears of the progress.
        preset: what the settings began from; kept in the record.

    Raises:
        NpgptError: data, settings or parts are wrong; nothing has been written.
    """
    tokenizer = source.tokenizer() if source else parts.build_tokenizer(settings)
    parts.build_schedule(settings)  # refuses wrong options before the long work
    report(Preparing("reading the text"))
    corpus = Corpus(open_dataset(settings.data))
    if source is None:
        report(Preparing(f"training the {settings.tokenizer.name} tokenizer"))
        tokenizer.train(corpus.train_texts())
    model, optimizer, schedule = _build(settings, tokenizer.vocab_size)
    if source is not None:
        model.load_state_dict(source.checkpoint().model)
    tokens = _tokens(settings, corpus, tokenizer, report)
    record = {
        "preset": preset,
        "settings": settings.to_json(),
        "parts": parts.provenance(settings),
        "vocab_size": tokenizer.vocab_size,
        "parameters": sum(array.size for array in model.parameters().values()),
        "data": {"characters": corpus.n_characters, "sha256": corpus.sha256},
        "ranks": ranks,
        "versions": _versions(),
    }
    if source is not None:
        record["init_from"] = str(source.folder)
    run = Run.create(folder, record, tokenizer)
    return Preparation(run, tokens, model, optimizer, schedule)


def resumed_run(folder: Path, choices: Choices, ranks: int, report: Report) -> Preparation:
    """Prepare a run to go on from its newest checkpoint, or from the start if it has none.

    Raises:
        NpgptError: no run is there, something asked for contradicts what it was made with, or its
            data changed.
    """
    run = _extended(Run.open(folder), choices)
    if ranks != run.record.get("ranks"):
        raise NpgptError(
            f"{folder} was trained by {run.record.get('ranks')} processes, not {ranks}: its batches"
            " would be others. Resume it with as many, or start another run"
        )
    prepared = joined_run(run, report)
    cut_metrics(run.metrics_path, prepared.step if prepared.step else -1)
    return prepared


def joined_run(run: Run, report: Report) -> Preparation:
    """Prepare to train an existing run from its newest checkpoint, without writing anything.

    Raises:
        NpgptError: a part is not installed, or the data changed.
    """
    run.require_parts()
    settings, folder = run.settings, run.folder
    report(Preparing("reading the text"))
    corpus = Corpus(open_dataset(settings.data))
    recorded = run.record["data"].get("sha256")
    if corpus.sha256 != recorded:
        raise NpgptError(
            f"the data of {folder} changed: it was trained on a text with SHA-256 {recorded},"
            f" {' '.join(settings.data)} has {corpus.sha256} now. Restore it, or start another run"
        )
    tokenizer = run.tokenizer()
    model, optimizer, schedule = _build(settings, run.record["vocab_size"])
    tokens = _tokens(settings, corpus, tokenizer, report)
    step, best = 0, float("inf")
    if steps := run.checkpoints.steps():
        checkpoint = run.checkpoints.load(steps[-1])
        model.load_state_dict(checkpoint.model)
        optimizer.load_state_dict(checkpoint.optimizer)
        step, lowest = checkpoint.step, checkpoint.state.get("best_val_loss")
        best = best if lowest is None else float(lowest)
    elif "init_from" in run.record:
        model.load_state_dict(Run.open(run.record["init_from"]).checkpoint().model)
    return Preparation(run, tokens, model, optimizer, schedule, step, best)


def _extended(run: Run, choices: Choices) -> Run:
    """Hold what was asked for against the record; only ``max_iters`` may differ, upwards."""
    recorded = _flat(run.settings)
    for key in sorted(choices.asked):
        given = choices.values[key]
        if key == "max_iters" and isinstance(given, int) and given > run.settings.max_iters:
            settings = dataclasses.replace(run.settings, max_iters=given)
            record = {**run.record, "settings": settings.to_json()}
            replace_file(run.folder / "run.json", (json.dumps(record, indent=2) + "\n").encode())
            run = Run(run.folder, record)
        elif key not in recorded or given != recorded[key]:
            raise NpgptError(
                f"{key} = {given!r} contradicts {run.folder}, which was made with"
                f" {recorded.get(key)!r}: leave it out to resume, or start another run with --out"
            )
    return run


def _flat(settings: Settings) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if field.name in parts.GIVEN:
            flat[field.name] = value.name
            flat |= {f"{field.name}.{option}": v for option, v in value.options.items()}
        else:
            flat[field.name] = value
    return flat


def _build(settings: Settings, vocab_size: int) -> tuple[Any, Any, Callable[[int], float]]:
    model = parts.build_model(settings, vocab_size, generator(settings.seed, Purpose.WEIGHTS))
    return model, parts.build_optimizer(settings, model), parts.build_schedule(settings)


def _tokens(settings: Settings, corpus: Corpus, tokenizer: Any, report: Report) -> Tokens:
    report(Preparing("encoding the text"))
    tokens = token_files(corpus, tokenizer, parts.tokenizer_digest(settings, tokenizer))
    for part in (tokens.train, tokens.val):
        last_start(part, settings.block_size)  # refuses a part that is too short
    return tokens


def _versions() -> Mapping[str, str]:
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "npgpt-core": metadata.version("npgpt-core"),
        "npgpt-train": metadata.version("npgpt-train"),
    }
