"""``npgpt compare``: trains what is not trained yet, measures all on the same text, and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError
from npgpt_core.events import Comparing, Preparing
from npgpt_core.protocols import Observer
from npgpt_core.roles import embeddings_and_head
from npgpt_core.shell import command
from npgpt_train.comparison import generated, held_out, stability
from npgpt_train.comparison.report import require_libraries, write_report
from npgpt_train.comparison.summary import summarize
from npgpt_train.comparison.variants import Variant, plan, warn_if_lr_is_shared
from npgpt_train.evaluation import evaluate_run
from npgpt_train.events import Report, usual_report
from npgpt_train.loop.diagnosis import SickTrainingError
from npgpt_train.loop.processes import open_processes
from npgpt_train.machine.disk import Folder, writing
from npgpt_train.machine.json_text import format_json
from npgpt_train.observers import split_options
from npgpt_train.run.folder import Run
from npgpt_train.settings import parts
from npgpt_train.settings.choices import choose, flatten
from npgpt_train.settings.part_options import dotted
from npgpt_train.settings.provenance import origin_of
from npgpt_train.settings.settings import Settings, differences
from npgpt_train.text.corpus import read_text
from npgpt_train.text.token_file import token_files
from npgpt_train.training import train

REPORT = "report.json"


def compare(
    *,
    out: str | Path,
    variants: Sequence[Mapping[str, Any] | str] = (),
    tokenizers: Sequence[str] = (),
    models: Sequence[str] = (),
    optimizers: Sequence[str] = (),
    seeds: int = 1,
    vocab_size: int | None = None,
    preset: str | None = None,
    config: str | Path | Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    observe: Sequence[str | Observer] = (),
    report: Report | None = None,
    **flags: Any,
) -> dict[str, Any]:
    """Train one model for each variant, all else equal, and compare them on the same text.

    A tokenizer, a model, an optimizer or a seed is a variant that sets one thing; where several
    are named, there is a run for each combination. What is trained in ``out`` already stays, what
    was interrupted goes on: the same call again gives the same report, apart from dates and
    timings.

    Args:
        out: folder of the runs and of the report.
        variants: the settings of each, ``{"optim": "sgd", "lr": 0.5}`` or ``"optim=sgd lr=0.5"``;
            ``name`` says what to call it.
        tokenizers: names; that of the settings if none is given.
        models: names; that of the settings if none is given.
        optimizers: names; that of the settings if none is given.
        seeds: number of runs for each, with seeds one after another from that of the settings.
        vocab_size: for the tokenizers that take one.
        preset: see ``train``.
        config: see ``train``.
        options: see ``train``.
        observe: see ``train``; they hear of each run in its turn.
        report: see ``train``.
        flags: any other setting, the same for all runs.

    Returns:
        What ``out/report.json`` holds.

    Raises:
        NpgptError: wrong settings, or runs in ``out`` that were made with others.
    """
    report = report or usual_report()
    require_libraries()
    if open_processes().size > 1:
        raise NpgptError("compare runs in one process: start it without mpiexec")
    folder = Path(out)
    options, of_observers = split_options(options or {})
    shared: dict[str, Any] = {"preset": preset, "config": config, "options": options}
    told: dict[str, Any] = {"observe": observe, "report": report}
    chosen = choose(**shared, flags=flags)
    flags = dotted(flatten(flags), chosen.values)
    planned = plan(
        chosen.values,
        variants=variants,
        tokenizers=tokenizers,
        models=models,
        optimizers=optimizers,
        seeds=seeds,
        vocab_size=vocab_size,
    )
    choices = [choose(**shared, flags={**flags, **variant.flags}) for variant in planned]
    folders = [Folder(folder).real(f"runs/{variant.name}") for variant in planned]
    for where, chosen_there in zip(folders, choices, strict=True):  # before the first hour of work
        _check_settings(where, parts.resolve(chosen_there))
    data = chosen.values["data"]
    _check_origin(folders, data)
    warn_if_lr_is_shared(choices)
    runs = {}
    for number, (variant, where) in enumerate(zip(planned, folders, strict=True), start=1):
        state = _state(where)
        report(Comparing(variant.name, number, len(planned), state))
        try:
            if state == "new":
                asked = {**shared, "options": options | of_observers, **flags, **variant.flags}
                train(out=where, **asked, **told)
            elif state == "interrupted":
                train(out=where, resume=True, data=data, options=of_observers, **told)
        except SickTrainingError as error:
            raise SickTrainingError(f"{where}: {error}") from error
        runs[variant] = Run.open(where)
    record = _measure(runs, data, chosen.preset or "full", report)
    with writing(f"the report in {folder}"):
        Folder(folder).replace(REPORT, f"{format_json(record)}\n".encode())
    report(Preparing("writing the report"))
    write_report(record, {variant.name: run.metrics() for variant, run in runs.items()}, folder)
    return record


def _check_settings(where: Path, wanted: Settings) -> None:
    """Refuse a run that is there but was made with other settings."""
    if _state(where) == "new":
        return
    found = differences(wanted, Run.open(where).settings)
    found.pop("workers", None)  # settled by the machine
    found.pop("data", None)  # its content decides: see _check_origin
    if found:
        raise NpgptError(
            f"{where} was made with other settings ({'; '.join(found.values())}):"
            " compare into another `out`"
        )


def _check_origin(folders: list[Path], data: Sequence[str]) -> None:
    """Refuse runs that read another text than ``data``, or whose batches several ranks made."""
    runs = [Run.open(folder) for folder in folders if _state(folder) != "new"]
    if not runs:
        return
    corpus = read_text(data)
    for run in runs:
        if run.record.data.sha256 != corpus.sha256:
            raise NpgptError(
                f"{run.folder} was trained on another text than {command(*data)} is now, with"
                f" SHA-256 {run.record.data.sha256}, not {corpus.sha256}: restore it, or"
                " compare into another `out`"
            )
        if run.record.ranks != 1:
            raise NpgptError(
                f"{run.folder} was trained by {run.record.ranks} processes, so its batches are"
                " larger than those of the others: compare into another `out`"
            )


def _state(where: Path) -> str:
    """Of a run: "new", "interrupted" or "finished"."""
    if not Folder(where).has("run.json"):
        return "new"
    return "finished" if Run.open(where).is_finished else "interrupted"


def _measure(
    runs: Mapping[Variant, Run], data: Sequence[str], preset: str, report: Report
) -> dict[str, Any]:
    """Everything that is measured, as ``report.json`` holds it."""
    report(Preparing("reading the text"))
    corpus = read_text(data)
    text = held_out.HeldOut.of(corpus)
    vocabulary = generated.Vocabulary(corpus)
    measured = {}
    for variant, run in runs.items():
        report(Preparing(f"measuring {variant.name}"))
        tokenizer = run.tokenizer()
        origin = origin_of("tokenizer", run.settings.tokenizer.name)
        tokens = token_files(corpus, tokenizer, origin)
        metrics = run.whole_metrics()
        evaluation = evaluate_run(run, corpus=corpus)
        on_text = held_out.measure(text, tokenizer, evaluation, tokens.train, tokens.val)
        measured[variant] = {
            "model": _sizes(run),
            "train_tokens": len(tokens.train),
            "held_out": on_text,
            "training": stability.measure(metrics),
            "generated": generated.measure(run, tokenizer, vocabulary),
            "timing": stability.timing(metrics, on_text["characters_per_token"]),
        }
    return summarize(runs, measured, text, preset)


def _sizes(run: Run) -> dict[str, Any]:
    """Parameters, and how many of them are embeddings or the head that gives the logits."""
    model, vocab_size = run.model(), run.record.vocab_size
    total = model.num_parameters()
    embedding = sum(array.size for array in embeddings_and_head(model, vocab_size).values())
    return {
        "vocab_size": vocab_size,
        "parameters": total,
        "embedding_parameters": embedding,
        "embedding_share": embedding / total,
    }
