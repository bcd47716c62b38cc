"""A run made ready, new, resumed or imported: whatever can be wrong about its input shows here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError
from npgpt_core.events import Preparing
from npgpt_core.module import Module
from npgpt_core.numbers import whole_number
from npgpt_core.protocols import Tokenizer
from npgpt_core.special_tokens import require_special_ids, require_special_tokens
from npgpt_core.zero_weights import ZeroWeights
from npgpt_train.events import Reporter
from npgpt_train.loop.batches import require_batches
from npgpt_train.loop.preflight import warn_of_unknown_share
from npgpt_train.loop.randomness import Purpose, generator
from npgpt_train.machine.disk import writing
from npgpt_train.machine.lock import RunLock, locked
from npgpt_train.run.checkpoint import Checkpoint
from npgpt_train.run.compatibility import merge_record, other_versions
from npgpt_train.run.folder import Run
from npgpt_train.run.metrics import cut_metrics
from npgpt_train.run.state import Best
from npgpt_train.settings import part_options, parts
from npgpt_train.settings.choices import Choices
from npgpt_train.settings.provenance import Origin, origin_of, provenance
from npgpt_train.settings.settings import DEFAULTS, Settings
from npgpt_train.text.corpus import Corpus, read_text
from npgpt_train.text.token_file import Tokens, token_files
from npgpt_train.text.tokenizer_file import require_restorable
from npgpt_train.text.unknown import unknown_share

SIZES = ("batch_size", "block_size", "grad_accumulation")
"""What a new run can have less of where memory is short; of an imported model the first two."""


@dataclass(frozen=True)
class Preparation:
    """A run that can start after ``step`` steps done.

    Whoever made it holds the ``lock`` of the run's folder until ``close``.
    """

    run: Run
    tokens: Tokens
    model: Module
    optimizer: Any
    schedule: Callable[[int], float]
    step: int = 0
    best: Best = field(default_factory=Best)
    lock: RunLock | None = None

    def close(self) -> None:
        """Let go of the folder."""
        if self.lock is not None:
            self.lock.close()

    def discard(self) -> None:
        """Delete a new run, and let go of its folder."""
        self.run.discard()
        if self.lock is not None:
            self.lock.discard()


def prepare_new(
    settings: Settings,
    folder: Path,
    source: Run | None,
    trained: Tokenizer | None,
    ranks: int,
    report: Reporter,
    **recorded: Any,
) -> Preparation:
    """Prepare a run from scratch, or from the weights of ``source``; make its folder.

    Args:
        settings: every one of them.
        folder: to make.
        source: the run that lends the weights, or None.
        trained: a tokenizer to take as it is; None to train that of the settings.
        ranks: number of processes.
        report: gets the events of the preparation.
        recorded: what else its record says: ``preset``, ``keep``, ``on_nan``.

    Raises:
        NpgptError: data, settings or parts are wrong; nothing has been written.
    """
    tokenizer = trained or parts.build_tokenizer(settings)
    corpus = read_text(settings.data, report)
    if trained is None:
        report(Preparing(f"training the {settings.tokenizer.name} tokenizer"))
        tokenizer.train(corpus.train_texts())
    vocab_size = whole_number(f"vocab_size of {type(tokenizer).__name__}", tokenizer.vocab_size)
    require_special_tokens(tokenizer)
    require_special_ids(tokenizer)
    rng = ZeroWeights() if source else generator(settings.seed, Purpose.WEIGHTS)
    model, optimizer, schedule = parts.build(settings, vocab_size, rng)
    start = None
    if source is not None:
        _take_over(model, source, settings.block_size)
        start = Checkpoint(0, model.state_dict(), optimizer.state_dict())
    origins = provenance(settings, corpus.is_dataset)
    tokens = _encoded(settings, corpus, tokenizer, origins["tokenizer"], report, SIZES)
    if trained is not None:
        warn_of_unknown_share(unknown_share(tokenizer, tokens.train))
    require_restorable(settings.tokenizer.name, tokenizer, tokens.tokenizer, corpus.sample)
    run, lock = Run.create(
        folder,
        tokens.tokenizer,
        start,
        **recorded,
        settings=settings,
        parts=origins,
        vocab_size=vocab_size,
        parameters=model.num_parameters(),
        data=corpus.record(tokens.sha256),
        ranks=ranks,
        init_from=str(source.folder) if source else None,
        ends_texts=source is not None and source.record.ends_texts,
        encoding_sha256=tokens.encoding_sha256,
    )
    return Preparation(run, tokens, model, optimizer, schedule, lock=lock)


def _take_over(model: Module, source: Run, block_size: int) -> None:
    """Load the weights of another run.

    Raises:
        NpgptError: they do not fit, such as learned positions into a shorter context.
    """
    try:
        model.load_state_dict(source.model().state_dict())
    except NpgptError as error:
        if block_size == source.settings.block_size:
            raise
        raise NpgptError(f"{error}: leave out `block_size={block_size}`") from error


def prepare_resumed(
    folder: Path,
    choices: Choices,
    init_from: str | Path | None,
    ranks: int,
    report: Reporter,
    **recorded: Any,
) -> Preparation:
    """Prepare a run to go on from its newest checkpoint, or from the start if it has none.

    Args:
        folder: of the run.
        choices: what was asked for.
        init_from: the run that was named as its beginning, or None.
        ranks: number of processes.
        report: gets the events of the preparation.
        recorded: what its record will say from now on: ``keep``, ``on_nan``.

    Raises:
        NpgptError: no run is there, something asked for contradicts what it was made with, or its
            data changed.
    """
    before = Run.open(folder)
    before.text_record()  # that there is one

    with locked(folder) as lock:
        run = Run(folder, replace(merge_record(before, choices, init_from, ranks), **recorded))
        run.require_same_tokenizer()
        run.require_parts(others=other_versions(run.record))
        prepared = prepare_existing(run, report)
        with writing(str(folder)):
            if run.record != before.record:
                run.save_record()
            cut_metrics(run.metrics_path, prepared.step if prepared.step else -1)
            run.checkpoints.point(prepared.step, prepared.best.step)
            run.checkpoints.prune(run.record.keep, run.settings.eval_interval)
    return replace(prepared, lock=lock)


def prepare_existing(run: Run, report: Reporter, step: int | None = None) -> Preparation:
    """Prepare to train an existing run from a checkpoint, without writing anything.

    Args:
        run: that is there.
        report: gets the events of the preparation.
        step: of the checkpoint; the newest unless given, or the start of a run that has none.

    Raises:
        NpgptError: a part is not installed, the data changed, or the weights that it began with
            are not there.
    """
    run.require_parts()
    settings = run.settings
    corpus = run.corpus(lambda data: read_text(data, report))
    tokenizer = run.tokenizer()
    steps = run.checkpoints.steps()
    rng = ZeroWeights() if steps else generator(settings.seed, Purpose.WEIGHTS)
    size, vocab_size = run.record.parameters, run.record.vocab_size
    model, optimizer, schedule = parts.build(settings, vocab_size, rng, most=size)
    origin = origin_of("tokenizer", settings.tokenizer.name)
    tokens = _encoded(settings, corpus, tokenizer, origin, report)
    if run.text_record().tokens_sha256 not in (None, tokens.sha256):
        raise NpgptError(
            f"the tokenizer {settings.tokenizer.name!r} gives other tokens than when {run.folder}"
            " was made, so its code changed: restore it, or start another run"
        )
    if steps:
        checkpoint = run.checkpoints.load(steps[-1] if step is None else step, model.nbytes)
        model.load_state_dict(checkpoint.model)
        optimizer.load_state_dict(checkpoint.optimizer)
        done, best = checkpoint.step, checkpoint.best
        return Preparation(run, tokens, model, optimizer, schedule, done, best)
    if run.record.init_from is not None:
        raise NpgptError(
            f"{run.folder} has no checkpoint, and the weights of {run.record.init_from} that it"
            " began with may be others by now: start it again, in another `out`"
        )
    return Preparation(run, tokens, model, optimizer, schedule)


def prepare_imported(
    run: Run,
    data: Sequence[str],
    report: Reporter,
    batch_size: int | None = None,
    block_size: int | None = None,
) -> Preparation:
    """Prepare to train an imported model on a text with its settings, without writing anything.

    Args:
        run: that was imported.
        data: a dataset's name or paths.
        report: gets the events of the preparation.
        batch_size: rows that are computed at once; 1 unless given.
        block_size: tokens of a row; those of the published setting unless given, or as many as the
            model can see if they are fewer.

    Raises:
        NpgptError: a part is not installed, there is no such text, it is too short, or a size is
            out of range.
    """
    longest = run.settings.block_size
    size = min(DEFAULTS["block_size"], longest) if block_size is None else block_size
    settings = replace(
        part_options.with_defaults(run.settings),
        data=tuple(data),
        batch_size=run.settings.batch_size if batch_size is None else batch_size,
        block_size=whole_number("block_size", size, below=longest + 1),
    )
    corpus = read_text(settings.data, report)
    origin = origin_of("tokenizer", settings.tokenizer.name)
    tokens = _encoded(settings, corpus, run.tokenizer(), origin, report, SIZES[:2])
    model = run.model()
    model.train()
    optimizer, schedule = parts.build_optimizer(settings, model), parts.build_schedule(settings)
    record = replace(
        run.record,
        settings=settings,
        data=corpus.record(tokens.sha256),
        init_from=str(run.folder),
        imported_from=None,
    )
    return Preparation(Run(run.folder, record), tokens, model, optimizer, schedule)


def _encoded(
    settings: Settings,
    corpus: Corpus,
    tokenizer: Any,
    origin: Origin,
    report: Reporter,
    settable: Sequence[str] = (),
) -> Tokens:
    """The tokens of a corpus, of which both splits are long enough for a block.

    Raises:
        NpgptError: one is too short, or a step on them takes more memory than there is.
    """
    report(Preparing("encoding the text"))
    tokens = token_files(corpus, tokenizer, origin)
    s, both = settings, (tokens.train, tokens.val)
    sizes = (s.batch_size, s.block_size, tokenizer.vocab_size, s.grad_accumulation)
    require_batches(both, *sizes, settable)
    return tokens
