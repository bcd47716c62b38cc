"""``npgpt compare``: trains what is not trained yet, measures all on the same text, and reports."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError
from npgpt_core.events import Preparing
from npgpt_core.protocols import Observer
from npgpt_train.comparison.report import require_libraries, write_report
from npgpt_train.comparison.runs import check_record, check_settings, check_tokenizer, train_all
from npgpt_train.comparison.summary import measure_all, summarize
from npgpt_train.comparison.variants import Variant, plan, warn_if_lr_is_shared
from npgpt_train.events import Reporter, default_reporter
from npgpt_train.loop.processes import open_processes
from npgpt_train.machine.disk import Folder, writing
from npgpt_train.observers import split_options
from npgpt_train.run.folder import Run
from npgpt_train.run.loading import named_tokenizer
from npgpt_train.run.paths import is_run
from npgpt_train.settings import parts
from npgpt_train.settings.choices import choose, flatten
from npgpt_train.settings.part_options import dotted, with_defaults
from npgpt_train.settings.settings import Part, Settings
from npgpt_train.text.corpus import read_text
from npgpt_train.text.tokenizer_file import is_tokenizer_path

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
    report: Reporter | None = None,
    **flags: Any,
) -> dict[str, Any]:
    """Train one model for each variant, all else equal, and compare them on the same text.

    A tokenizer, a model, an optimizer or a seed is a variant that sets one thing; where several
    are named, there is a run for each combination. Finished runs in ``out`` stay, and interrupted
    ones continue: the same call again gives the same report, apart from dates and timings. A run
    that diverges is reported as diverged, and the others are compared without it.

    Args:
        out: folder of the runs and of the report.
        variants: the settings of each, ``{"optim": "sgd", "lr": 0.5}`` or ``"optim=sgd lr=0.5"``;
            ``name`` says what to call it.
        tokenizers: names, or paths of runs or of tokenizers' files, which are taken as they are;
            that of the settings if none is given.
        models: names; that of the settings if none is given.
        optimizers: names; that of the settings if none is given.
        seeds: number of runs for each, with seeds one after another from that of the settings.
        vocab_size: for the tokenizers that take one.
        preset: see ``train``.
        config: see ``train``.
        options: see ``train``.
        observe: see ``train``; they get the events of one run after another.
        report: see ``train``.
        flags: any other setting, the same for all runs.

    Returns:
        What ``out/report.json`` holds.

    Raises:
        NpgptError: wrong settings, or runs in ``out`` that were made with others.
        NonFiniteError: every run diverged.
    """
    report = report or default_reporter()
    require_libraries()
    if open_processes().size > 1:
        raise NpgptError("compare runs in one process: start it without mpiexec")
    folder = Path(out)
    options, observer_options = split_options(options or {})
    shared: dict[str, Any] = {"preset": preset, "config": config, "options": options}
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
    named = {v: choice.values["tokenizer"] for v, choice in zip(planned, choices, strict=True)}
    taken = {path: named_tokenizer(path) for path in {*named.values()} if is_tokenizer_path(path)}
    trained = {path: Part(kind) for path, (kind, _) in taken.items()}
    wanted = {
        variant: parts.resolve(choice, trained=trained.get(named[variant]))
        for variant, choice in zip(planned, choices, strict=True)
    }
    folders = {variant: Folder(folder).checked_path(f"runs/{variant.name}") for variant in planned}
    there = {variant: Run.open(where) for variant, where in folders.items() if is_run(where)}
    for variant, run in there.items():  # before the first hour of work
        check_settings(run, with_defaults(wanted[variant]))
        if (path := named[variant]) in taken:
            check_tokenizer(run, taken[path][1], path)
    warn_if_lr_is_shared(choices)
    report(Preparing("reading the text"))
    data = wanted[planned[0]].data
    corpus = read_text(data)
    for run in there.values():
        check_record(run, corpus, data)
    new = {**shared, "options": options | observer_options, **flags}
    runs, diverged = train_all(
        folders, there, new, {"data": data, "options": observer_options}, observe, report
    )
    metrics = {variant: run.whole_metrics() for variant, run in runs.items()}
    text, measured = measure_all(runs, metrics, corpus, report)
    settings = _used(wanted, runs, {v: path for v, path in named.items() if path in taken})
    results = summarize(settings, measured, diverged, text, chosen.preset or "full")
    report(Preparing("writing the report"))
    with writing(f"the report in {folder}"):
        Folder(folder).replace_json(REPORT, results)
    write_report(results, {variant.name: events for variant, events in metrics.items()}, folder)
    return results


def _used(
    wanted: Mapping[Variant, Settings], runs: Mapping[Variant, Run], paths: Mapping[Variant, str]
) -> dict[Variant, Settings]:
    """The settings of all; of those that diverged, which may have left no folder, as asked.

    A tokenizer that was taken from one of the ``paths`` is called by it.
    """
    workers = next(iter(runs.values())).settings.workers
    settled = {v: replace(s, workers=s.workers or workers) for v, s in wanted.items()}
    used = {v: with_defaults(runs[v].settings) if v in runs else settled[v] for v in wanted}
    return used | {v: replace(used[v], tokenizer=Part(path)) for v, path in paths.items()}
