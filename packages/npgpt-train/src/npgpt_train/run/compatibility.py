"""What is asked for, checked against the record of a resumed run, or of one that lends weights."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError, short_repr
from npgpt_train.run.folder import Run
from npgpt_train.run.record import RunRecord, versions
from npgpt_train.settings import part_options
from npgpt_train.settings.choices import PRESETS, Choices
from npgpt_train.settings.provenance import origin_of
from npgpt_train.text.corpus import dataset_record, open_dataset
from npgpt_train.text.record import TextRecord


def merge_record(run: Run, choices: Choices, init_from: str | Path | None, ranks: int) -> RunRecord:
    """Merge what is asked for into the record of a run that is resumed; gives the new record.

    ``max_iters`` may grow, and the text may be somewhere else now.

    Args:
        run: that is resumed.
        choices: what was asked for.
        init_from: the run that was named as its beginning, or None.
        ranks: number of processes.

    Raises:
        NpgptError: something contradicts the record; it is named.
    """
    _require_same_source(run, init_from)
    recorded = part_options.with_defaults(run.settings).flat()
    values, asked = dict(choices.values), set(choices.asked)
    if choices.preset not in (None, run.record.preset):
        preset_options = {
            f"{kind}.{option}": value
            for kind, name in run.settings.names().items()
            for option, value in part_options.preset_options(kind, name, choices.preset).items()
        }
        values = {**preset_options, **values}
        asked |= {*preset_options, *(key for p in PRESETS.values() for key in p)} & recorded.keys()
    settings = run.settings
    for key in sorted(asked):
        given = values[key]
        if key == "max_iters" and isinstance(given, int) and given > settings.max_iters:
            settings = replace(settings, max_iters=given)
        elif key == "data":
            settings = replace(settings, data=given)
        elif not _is_recorded(key, given, recorded):
            there = short_repr(recorded[key]) if key in recorded else "no such option"
            raise NpgptError(
                f"{key} = {short_repr(given)} contradicts {run.folder}, which was made with"
                f" {there}: leave it out to resume, or start a run in another `out`"
            )
    if ranks != run.record.ranks:
        raise NpgptError(
            f"{run.folder} was trained by {run.record.ranks} processes, not {ranks}: its batches"
            " would be others. Resume it with as many, or start another run"
        )
    if settings == run.settings:
        return run.record
    record = replace(run.record, settings=settings)
    return record if settings.data == run.settings.data else _moved(record, run.text_record())


def _is_recorded(key: str, given: Any, recorded: Mapping[str, Any]) -> bool:
    """Whether a value is that of the record, or leaves the choice to npgpt, which made it then."""
    if given is None or (key == "workers" and given == 0):
        return key in recorded
    return key in recorded and json.loads(json.dumps(given, default=repr)) == recorded[key]


def _moved(record: RunRecord, data: TextRecord) -> RunRecord:
    """The record of a text, ``data``, that is somewhere else now; that it is the same shows later.

    Raises:
        NpgptError: there is no such dataset or file.
    """
    names = record.settings.data
    files = dataset_record(open_dataset(names))
    same = TextRecord(
        characters=data.characters, sha256=data.sha256, tokens_sha256=data.tokens_sha256
    )
    origins = {kind: origin for kind, origin in record.parts.items() if kind != "dataset"}
    if not files:
        origins["dataset"] = origin_of("dataset", names[0])
    return replace(record, data=replace(same, **files), parts=origins)


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


def match_source(source: Run, choices: Choices) -> Choices:
    """The choices with the tokenizer, model and block size of ``source``; a smaller one stays.

    Raises:
        NpgptError: something else was asked for.
    """
    own = part_options.with_defaults(source.settings)
    fixed: dict[str, Any] = {"block_size": own.block_size}
    for kind in ("tokenizer", "model"):
        part = getattr(own, kind)
        fixed[kind] = part.name
        fixed |= {f"{kind}.{option}": value for option, value in part.options.items()}
    for key in choices.asked & fixed.keys():
        given = choices.values[key]
        if key == "block_size" and given < own.block_size:  # which the model may refuse
            fixed[key] = given
        elif not _is_recorded(key, given, fixed):
            raise NpgptError(
                f"{key} = {short_repr(given)} does not fit `init_from={source.folder}`, which"
                f" has {fixed[key]!r}: leave it out"
            )
    return replace(choices, values={**choices.values, **fixed})


def other_versions(record: RunRecord) -> dict[str, str]:
    """What of ``versions()`` is another now -> its version then and now."""
    then = record.versions
    return {
        name: f"{then[name]:.40} (now {version})"
        for name, version in versions().items()
        if then.get(name, version) != version
    }
