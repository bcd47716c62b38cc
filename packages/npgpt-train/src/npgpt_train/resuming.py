"""A run that goes on: what was recorded wins, and what changed since is refused or told by name."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError, NpgptWarning
from npgpt_train.events import Report
from npgpt_train.loop.randomness import Purpose, generator
from npgpt_train.machine.disk import writing
from npgpt_train.machine.lock import RunLock
from npgpt_train.preparation import Preparation, encoded, read_corpus, versions
from npgpt_train.run.folder import Run
from npgpt_train.run.metrics import cut_metrics
from npgpt_train.run.record import RunRecord
from npgpt_train.run.state import Best
from npgpt_train.settings import parts
from npgpt_train.settings.choices import PRESETS, Choices
from npgpt_train.settings.provenance import dataset_provenance, starting_folder
from npgpt_train.text.corpus import dataset_record, open_dataset
from npgpt_train.text.record import TextRecord


def resumed_run(
    folder: Path,
    choices: Choices,
    init_from: str | Path | None,
    ranks: int,
    report: Report,
    **session: Any,
) -> Preparation:
    """Prepare a run to go on from its newest checkpoint, or from the start if it has none.

    Args:
        folder: of the run.
        choices: what was asked for.
        init_from: the run that was named as its beginning, or None.
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
        before = run.record
        given = {key: value for key, value in session.items() if value is not None}
        run = Run(folder, replace(_agreed(run, choices, init_from), **given))
        return replace(_resumed(run, before, ranks, report), lock=lock)
    except BaseException:
        lock.close()
        raise


def _resumed(run: Run, before: RunRecord, ranks: int, report: Report) -> Preparation:
    """Prepare a run, and bring its folder to where it goes on; ``before`` is the record in it."""
    folder = run.folder
    if ranks != run.record.ranks:
        raise NpgptError(
            f"{folder} was trained by {run.record.ranks} processes, not {ranks}: its batches"
            " would be others. Resume it with as many, or start another run"
        )
    run.require_same_tokenizer()
    _warn_of_versions(run)
    prepared = joined_run(run, report)
    with writing(str(folder)):
        if run.record != before:
            run.save_record()
        cut_metrics(run.metrics_path, prepared.step if prepared.step else -1)
        run.checkpoints.point(prepared.step, prepared.best.step)
    return prepared


def joined_run(run: Run, report: Report) -> Preparation:
    """Prepare to train an existing run from its newest checkpoint, without writing anything.

    Raises:
        NpgptError: a part is not installed, the data changed, or the weights that it began with
            are not there.
    """
    run.require_parts()
    settings = run.settings
    corpus = run.corpus(lambda data: read_corpus(data, report))
    tokenizer = run.tokenizer()
    model = run.fresh_model(generator(settings.seed, Purpose.WEIGHTS))
    optimizer = parts.build_optimizer(settings, model)
    schedule = parts.build_schedule(settings)
    tokens = encoded(settings, corpus, tokenizer, report)
    if run.record.data.tokens_sha256 not in (None, tokens.sha256):
        raise NpgptError(
            f"the tokenizer {settings.tokenizer.name!r} gives other tokens than when {run.folder}"
            " was made, so its code changed: restore it, or start another run"
        )
    step, best = 0, Best()
    if steps := run.checkpoints.steps():
        checkpoint = run.checkpoints.load(steps[-1], model.nbytes)
        model.load_state_dict(checkpoint.model)
        optimizer.load_state_dict(checkpoint.optimizer)
        step, best = checkpoint.step, checkpoint.best
    elif run.record.init_from is not None:
        raise NpgptError(
            f"{run.folder} has no checkpoint, and the weights of {run.record.init_from} that it"
            " began with may be others by now: start it again, in another `out`"
        )
    return Preparation(run, tokens, model, optimizer, schedule, step, best)


def _agreed(run: Run, choices: Choices, init_from: str | Path | None) -> RunRecord:
    """Hold what was asked for against the record; gives the record as it will be.

    ``max_iters`` may grow, and the text may be somewhere else now.
    """
    _require_same_source(run, init_from)
    recorded, asked = run.settings.flat(), set(choices.asked)
    if choices.preset not in (None, run.record.preset):
        asked |= {key for values in PRESETS.values() for key in values} & recorded.keys()
    settings = run.settings
    for key in sorted(asked):
        given = choices.values[key]
        if key == "max_iters" and isinstance(given, int) and given > settings.max_iters:
            settings = replace(settings, max_iters=given)
        elif key == "data":
            settings = replace(settings, data=given)
        elif not _is_recorded(key, given, recorded):
            there = f"{recorded[key]!r}" if key in recorded else "no such option"
            raise NpgptError(
                f"{key} = {given!r} contradicts {run.folder}, which was made with {there}: leave it"
                " out to resume, or start a run in another `out`"
            )
    if settings == run.settings:
        return run.record
    record = replace(run.record, settings=settings)
    return record if settings.data == run.settings.data else _moved(record)


def _is_recorded(key: str, given: Any, recorded: Mapping[str, Any]) -> bool:
    """Whether a value is that of the record, or leaves the choice to npgpt, which made it then."""
    if given is None or (key == "workers" and given == 0):
        return key in recorded
    return key in recorded and json.loads(json.dumps(given, default=repr)) == recorded[key]


def _moved(record: RunRecord) -> RunRecord:
    """The record of a text that is somewhere else now; whether it is the same shows later.

    Raises:
        NpgptError: there is no such dataset or file.
    """
    names, data = record.settings.data, record.data
    same = TextRecord(
        characters=data.characters, sha256=data.sha256, tokens_sha256=data.tokens_sha256
    )
    where = dataset_record(open_dataset(names))
    others = {kind: origin for kind, origin in record.parts.items() if kind != "dataset"}
    return replace(
        record,
        data=replace(same, **where, folder=starting_folder(names)),
        parts={**others, **dataset_provenance(names)},
    )


def _require_same_source(run: Run, init_from: str | Path | None) -> None:
    """Refuse another run than the one whose weights this one began with."""
    recorded = run.record.init_from
    if init_from is None or str(init_from) == recorded:
        return
    if recorded is None or os.path.realpath(init_from) != os.path.realpath(recorded):
        there = "fresh weights" if recorded is None else f"those of {recorded}"
        raise NpgptError(
            f"init_from = {str(init_from)!r} contradicts {run.folder}, which began with {there}:"
            " leave it out to resume, or start a run in another `out`"
        )


def _warn_of_versions(run: Run) -> None:
    """Say which of npgpt's own packages, Python and NumPy are others than when the run began."""
    recorded = run.record.versions
    found = [
        f"{name} {recorded[name]:.40} (now {version})"
        for name, version in versions().items()
        if recorded.get(name, version) != version
    ]
    if found:
        warnings.warn(
            f"{run.folder} was begun with {', '.join(found)}: what follows may differ in its bits",
            NpgptWarning,
            stacklevel=2,
        )
