"""Training as one call: ``train(preset="tiny", out="runs/x")``, new or resumed, on any ranks."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.events import Continuing
from npgpt_core.numbers import whole_number
from npgpt_core.protocols import Observer
from npgpt_train.events import Reporter, default_reporter, ignore
from npgpt_train.loop.processes import Processes, open_processes
from npgpt_train.observers import stopped_event, with_observers
from npgpt_train.preparation import Preparation, prepare_existing, prepare_new, prepare_resumed
from npgpt_train.run.compatibility import match_source
from npgpt_train.run.folder import Run
from npgpt_train.run.listing import list_runs
from npgpt_train.run.loading import named_tokenizer
from npgpt_train.run.paths import check_free, next_free
from npgpt_train.session import run_session
from npgpt_train.settings import part_options, parts
from npgpt_train.settings.choices import Choices, choose
from npgpt_train.settings.policy import ON_NAN
from npgpt_train.settings.settings import Part, Settings
from npgpt_train.text.tokenizer_file import is_tokenizer_path


def train(
    *,
    out: str | Path | None = None,
    resume: bool = False,
    init_from: str | Path | None = None,
    preset: str | None = None,
    config: str | Path | Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    keep: int | None = None,
    on_nan: str | None = None,
    observe: Sequence[str | Observer] = (),
    report: Reporter | None = None,
    **flags: Any,
) -> Run:
    """Train a model, or continue a run.

    Args:
        out: the run's folder; the next free ``runs/DATA-TOKENIZER-N`` unless given.
        resume: continue the run in ``out`` from its newest checkpoint; without ``out``, the
            unfinished run below ``runs`` that was trained last. Other arguments must agree with the
            record, but ``max_iters`` may grow, and ``data`` may say where the same text is now.
        init_from: a run whose weights and tokenizer to start from.
        preset: numbers to start from: "tiny", "quick" or "full".
        config: a TOML file of settings, or what ``choices.read_config`` gives of one.
        options: dotted options of parts, {"tokenizer.min_frequency": 2}; those of an observer that
            is named are "observer.NAME.OPTION".
        keep: checkpoints that stay besides the best; 3 unless given.
        on_nan: "stop" (unless given) or "skip": what to do with a step whose loss or gradient is
            not finite.
        observe: observers to call with every event: names of installed ones, or functions of one
            event (``npgpt_core.events``). One that fails gets no more, and the run goes on.
        report: is called with every event first, to show it. Unless given, a terminal shows a line
            for each evaluation; ``ignore`` shows nothing.
        flags: any setting: ``data="shakespeare", tokenizer="bpe", optim="adam", lr=1e-3``. A
            ``tokenizer`` may also be the path of a run, or of a tokenizer's file: it is taken as it
            is.

    Returns:
        The finished run; ``load_run(run.folder)`` opens it.

    Raises:
        NpgptError: wrong settings, data or files, before anything is written; a full disk or a
            number that is not finite, with the last checkpoint intact.
        Interrupted: a signal ended the run. It can be resumed, unless it was a new one before its
            first step, of which nothing is left.
    """
    policy = _policy(keep, on_nan)
    processes = open_processes()
    emit = (report or default_reporter()) if processes.rank == 0 else ignore

    def prepare() -> Preparation:
        nonlocal emit, options
        if observe or options:
            emit, options = with_observers(emit, observe, options or {})
        chosen = partial(choose, preset=preset, config=config, options=options, flags=flags)
        if resume:
            folder = Path(out) if out is not None else _newest_unfinished(emit)
            choices = chosen(parts=Run.open(folder).settings.names())
            return prepare_resumed(folder, choices, init_from, processes.size, emit, **policy)
        source = Run.open(init_from) if init_from is not None else None
        choices = chosen(parts=source.settings.names() if source else None)
        return _new(out, choices, source, processes, emit, policy)

    prepared = _prepare_once(processes, prepare)
    with closing(prepared), processes.aborting_together():
        try:
            return run_session(prepared, processes, emit)
        except BaseException as error:
            try:
                emit(stopped_event(prepared.run.folder, error))
            finally:
                if processes.rank == 0 and not resume:
                    _discard_untrained(prepared)
            raise


def _discard_untrained(prepared: Preparation) -> None:
    """Delete a run that failed before its first step, so that it can be started again."""
    with suppress(NpgptError, OSError):  # report what stopped the run, not what failed after it
        if not prepared.run.is_trained():
            prepared.discard()


def _policy(keep: int | None, on_nan: str | None) -> dict[str, Any]:
    """Those that are given; they are no settings, because they may change when a run is resumed."""
    if keep is not None:
        whole_number("keep", keep)
    if on_nan not in (None, *ON_NAN):
        raise NpgptError(f"on_nan is {short_repr(on_nan)}, expected one of {', '.join(ON_NAN)}")
    given = {"keep": keep, "on_nan": on_nan}
    return {name: value for name, value in given.items() if value is not None}


def _prepare_once(processes: Processes, prepare: Callable[[], Preparation]) -> Preparation:
    """Rank 0 prepares and makes the folder; the others join what it made, or end as it did."""
    if processes.rank > 0:
        folder = processes.broadcast(None)
        if folder is None:
            raise SystemExit(2)  # rank 0 has said why
        with processes.aborting_together():
            return prepare_existing(Run.open(folder), ignore)
    folder = None
    try:
        prepared = prepare()
        folder = prepared.run.folder.absolute()
    finally:
        processes.broadcast(folder)
    return prepared


def _newest_unfinished(report: Reporter) -> Path:
    """The run to continue where none is named: that of ``runs`` in which was last trained."""
    folder = Path("runs")
    found = list_runs(folder) if folder.is_dir() else []
    unfinished = [entry for entry in found if entry.state == "unfinished"]
    if not unfinished:
        raise NpgptError(
            f"there is no unfinished run in {folder.absolute()}: name the one to resume with `out`"
        )
    report(Continuing(unfinished[0].folder, len(unfinished) - 1))
    return unfinished[0].folder


def _new(
    out: str | Path | None,
    choices: Choices,
    source: Run | None,
    processes: Processes,
    report: Reporter,
    policy: Mapping[str, Any],
) -> Preparation:
    tokenizer, trained = None, None
    if source is not None:
        choices = match_source(source, choices)
        source.require_parts("tokenizer", "model")
        trained = part_options.with_defaults(source.settings).tokenizer
        tokenizer = source.tokenizer()
    elif is_tokenizer_path(path := choices.values["tokenizer"]):
        name, tokenizer = named_tokenizer(path)
        trained = Part(name)
    settings = parts.resolve(choices, processes.size, trained)
    folder = Path(out) if out is not None else next_free(Path("runs"), _default_name(settings))
    check_free(folder, "continue it with `resume=True`, or ")
    recorded = {"preset": choices.preset or "full", **policy}
    return prepare_new(settings, folder, source, tokenizer, processes.size, report, **recorded)


def _default_name(settings: Settings) -> str:
    data = Path(settings.data[0]).stem[:50] or "text"  # a folder's name has at most 255 bytes
    return f"{data}-{settings.tokenizer.name}".replace("/", "-")
