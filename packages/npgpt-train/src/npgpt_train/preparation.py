"""Everything that must be right before the first step, for a new run and for one that goes on.

Whatever can be wrong about the input shows here; only then is the run's folder made.
"""

from __future__ import annotations

import dataclasses
import json
import platform
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from npgpt_core.errors import NpgptError, NpgptWarning
from npgpt_train import parts
from npgpt_train.batches import last_start
from npgpt_train.choices import Choices
from npgpt_train.corpus import Corpus, open_dataset
from npgpt_train.disk import replace_file, writing
from npgpt_train.lock import RunLock
from npgpt_train.metrics import cut_metrics
from npgpt_train.progress import Preparing, Report
from npgpt_train.randomness import Purpose, generator
from npgpt_train.run import Run
from npgpt_train.settings import Settings
from npgpt_train.token_file import Tokens, token_files


class Best(NamedTuple):
    """The lowest validation loss so far, and its step."""

    step: int = 0
    loss: float = float("inf")


@dataclass(frozen=True)
class Preparation:
    """A run that can start after ``step`` steps done.

    Whoever made it holds the ``lock`` of the run's folder until ``close``.
    """

    run: Run
    tokens: Tokens
    model: Any
    optimizer: Any
    schedule: Callable[[int], float]
    step: int = 0
    best: Best = field(default_factory=Best)
    lock: RunLock | None = None

    def close(self) -> None:
        """Let go of the folder."""
        if self.lock is not None:
            self.lock.close()


def new_run(
    settings: Settings,
    folder: Path,
    source: Run | None,
    ranks: int,
    report: Report,
    **session: Any,
) -> Preparation:
    """Prepare a run from scratch, or from the weights and tokenizer of ``source``; make its folder.

    Args:
        settings: every one of them.
        folder: to make.
        source: the run that lends weights and tokenizer, or None.
        ranks: number of processes.
        report: hears of the progress.
        session: what else to record: ``preset``, ``keep``, ``on_nan``.

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
    rng = generator(settings.seed, Purpose.WEIGHTS)
    model = parts.build_model(settings, tokenizer.vocab_size, rng)
    optimizer, schedule = parts.build_optimizer(settings, model), parts.build_schedule(settings)
    if source is not None:
        model.load_state_dict(source.model().state_dict())
    tokens = _tokens(settings, corpus, tokenizer, report)
    record = {
        **session,
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
    with writing(f"the run folder {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
    lock = RunLock(folder)
    try:
        run = Run.create(folder, record, tokenizer)
    except BaseException:
        lock.close()
        raise
    return Preparation(run, tokens, model, optimizer, schedule, lock=lock)


def resumed_run(
    folder: Path, choices: Choices, ranks: int, report: Report, **session: Any
) -> Preparation:
    """Prepare a run to go on from its newest checkpoint, or from the start if it has none.

    Args:
        folder: of the run.
        choices: what was asked for.
        ranks: number of processes.
        report: hears of the progress.
        session: ``keep`` and ``on_nan``, to be recorded anew unless None.

    Raises:
        NpgptError: no run is there, something asked for contradicts what it was made with, or its
            data changed.
    """
    run = Run.open(folder)
    lock = RunLock(folder)
    try:
        return dataclasses.replace(_resumed(run, choices, ranks, report, session), lock=lock)
    except BaseException:
        lock.close()
        raise


def _resumed(
    run: Run, choices: Choices, ranks: int, report: Report, session: Mapping[str, Any]
) -> Preparation:
    folder = run.folder
    run = _extended(run, choices, {k: v for k, v in session.items() if v is not None})
    if ranks != run.record.get("ranks"):
        raise NpgptError(
            f"{folder} was trained by {run.record.get('ranks')} processes, not {ranks}: its batches"
            " would be others. Resume it with as many, or start another run"
        )
    run.require_same_tokenizer()
    _warn_of_versions(run)
    prepared = joined_run(run, report)
    with writing(str(folder)):
        cut_metrics(run.metrics_path, prepared.step if prepared.step else -1)
        run.checkpoints.point(prepared.step, prepared.best.step)
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
    model = run.fresh_model(generator(settings.seed, Purpose.WEIGHTS))
    optimizer = parts.build_optimizer(settings, model)
    schedule = parts.build_schedule(settings)
    tokens = _tokens(settings, corpus, tokenizer, report)
    step, best = 0, Best()
    if steps := run.checkpoints.steps():
        size = sum(array.nbytes for array in model.parameters().values())
        checkpoint = run.checkpoints.load(steps[-1], size)
        model.load_state_dict(checkpoint.model)
        optimizer.load_state_dict(checkpoint.optimizer)
        step, state = checkpoint.step, checkpoint.state
        if state.get("best_val_loss") is not None:
            best = Best(state.get("best_step") or 0, float(state["best_val_loss"]))
    elif "init_from" in run.record:
        model.load_state_dict(Run.open(run.record["init_from"]).model().state_dict())
    return Preparation(run, tokens, model, optimizer, schedule, step, best)


def _extended(run: Run, choices: Choices, session: Mapping[str, Any]) -> Run:
    """Hold what was asked for against the record; only ``max_iters`` may differ, upwards."""
    recorded, settings = _flat(run.settings), run.settings
    for key in sorted(choices.asked):
        given = choices.values[key]
        if key == "max_iters" and isinstance(given, int) and given > run.settings.max_iters:
            settings = dataclasses.replace(settings, max_iters=given)
        elif key not in recorded or given != recorded[key]:
            raise NpgptError(
                f"{key} = {given!r} contradicts {run.folder}, which was made with"
                f" {recorded.get(key)!r}: leave it out to resume, or start another run with --out"
            )
    record = {**run.record, **session}
    if settings != run.settings:
        record["settings"] = settings.to_json()
    if record != run.record:
        with writing(str(run.folder)):
            replace_file(run.folder / "run.json", (json.dumps(record, indent=2) + "\n").encode())
    return Run(run.folder, record)


def _flat(settings: Settings) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in vars(settings).items():
        if name in parts.GIVEN:
            flat[name] = value.name
            flat |= {f"{name}.{option}": v for option, v in value.options.items()}
        else:
            flat[name] = value
    return flat


def _tokens(settings: Settings, corpus: Corpus, tokenizer: Any, report: Report) -> Tokens:
    report(Preparing("encoding the text"))
    tokens = token_files(corpus, tokenizer, parts.tokenizer_digest(settings, tokenizer))
    for part in (tokens.train, tokens.val):
        last_start(part, settings.block_size)  # refuses a part that is too short
    return tokens


def _warn_of_versions(run: Run) -> None:
    """Say which of npgpt's own packages, Python and NumPy are others than when the run began."""
    recorded = run.record.get("versions")
    if not isinstance(recorded, dict):
        return
    found = [
        f"{name} {recorded[name]!s:.40} (now {version})"
        for name, version in _versions().items()
        if recorded.get(name, version) != version
    ]
    if found:
        warnings.warn(
            f"{run.folder} was begun with {', '.join(found)}: what follows may differ in its bits",
            NpgptWarning,
            stacklevel=2,
        )


def _versions() -> Mapping[str, str]:
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "npgpt-core": metadata.version("npgpt-core"),
        "npgpt-train": metadata.version("npgpt-train"),
    }
