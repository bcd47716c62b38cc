"""A run that goes on: what was recorded wins, and what changed since is refused or told by name."""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError, NpgptWarning
from npgpt_train import parts
from npgpt_train.choices import Choices
from npgpt_train.disk import Folder, writing
from npgpt_train.lock import RunLock
from npgpt_train.metrics import cut_metrics
from npgpt_train.preparation import Best, Preparation, encoded, read_corpus, versions
from npgpt_train.progress import Report
from npgpt_train.randomness import Purpose, generator
from npgpt_train.run import Run


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
    folder, before = run.folder, run.record
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
        if run.record != before:
            Folder(folder).replace("run.json", (json.dumps(run.record, indent=2) + "\n").encode())
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
    corpus = read_corpus(settings.data, report)
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
    tokens = encoded(settings, corpus, tokenizer, report)
    if run.record["data"].get("tokens_sha256") not in (None, tokens.sha256):
        raise NpgptError(
            f"the tokenizer {settings.tokenizer.name!r} gives other tokens than when {folder} was"
            " made, so its code changed: restore it, or start another run"
        )
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
    recorded, settings = run.settings.flat(), run.settings
    for key in sorted(choices.asked):
        given = choices.values[key]
        if key == "max_iters" and isinstance(given, int) and given > run.settings.max_iters:
            settings = dataclasses.replace(settings, max_iters=given)
        elif key not in recorded or given != recorded[key]:
            raise NpgptError(
                f"{key} = {given!r} contradicts {run.folder}, which was made with"
                f" {recorded.get(key)!r}: leave it out to resume, or start a run in another `out`"
            )
    if settings != run.settings:
        session = {**session, "settings": settings.to_json()}
    return Run(run.folder, {**run.record, **session})


def _warn_of_versions(run: Run) -> None:
    """Say which of npgpt's own packages, Python and NumPy are others than when the run began."""
    recorded = run.record.get("versions")
    if not isinstance(recorded, dict):
        return
    found = [
        f"{name} {recorded[name]!s:.40} (now {version})"
        for name, version in versions().items()
        if recorded.get(name, version) != version
    ]
    if found:
        warnings.warn(
            f"{run.folder} was begun with {', '.join(found)}: what follows may differ in its bits",
            NpgptWarning,
            stacklevel=2,
        )
