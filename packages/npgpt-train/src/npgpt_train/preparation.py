"""Everything that must be right before the first step of a new run.

Whatever can be wrong about the input shows here; only then is the run's folder made.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from npgpt_core.module import Module
from npgpt_train.events import Preparing, Report
from npgpt_train.loop.preflight import warn_if_unknown
from npgpt_train.loop.randomness import Purpose, generator
from npgpt_train.machine.disk import Folder, writing
from npgpt_train.machine.lock import RunLock
from npgpt_train.run.checkpoint import Checkpoint
from npgpt_train.run.folder import Run
from npgpt_train.run.record import RunRecord
from npgpt_train.run.state import Best
from npgpt_train.settings import parts
from npgpt_train.settings.provenance import starting_folder
from npgpt_train.settings.settings import Settings
from npgpt_train.text.batches import last_start, require_room
from npgpt_train.text.corpus import Corpus, open_dataset
from npgpt_train.text.datasets.files import TextFiles
from npgpt_train.text.token_file import Tokens, token_files
from npgpt_train.text.unknown import unknown_share


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
    corpus = read_corpus(settings.data, report)
    if source is None:
        report(Preparing(f"training the {settings.tokenizer.name} tokenizer"))
        tokenizer.train(corpus.train_texts())
    rng = generator(settings.seed, Purpose.WEIGHTS)
    model = parts.build_model(settings, tokenizer.vocab_size, rng)
    optimizer, schedule = parts.build_optimizer(settings, model), parts.build_schedule(settings)
    if source is not None:
        model.load_state_dict(source.model().state_dict())
    tokens = encoded(settings, corpus, tokenizer, report)
    if source is not None:
        warn_if_unknown(unknown_share(tokenizer, tokens.train), source.folder)
    record = RunRecord(
        **session,
        settings=settings,
        parts=parts.provenance(settings),
        vocab_size=tokenizer.vocab_size,
        parameters=model.num_parameters(),
        data=replace(
            corpus.record(), tokens_sha256=tokens.sha256, folder=starting_folder(settings.data)
        ),
        ranks=ranks,
        versions=versions(),
        init_from=str(source.folder) if source else None,
    )
    start = None
    if source is not None:
        start = Checkpoint(0, model.state_dict(), optimizer.state_dict())
    with writing(f"the run folder {folder}"):
        Folder(folder).make()
    lock = RunLock(folder)
    try:
        run = Run.create(folder, record, tokenizer, start)
    except BaseException:
        lock.close()
        raise
    return Preparation(run, tokens, model, optimizer, schedule, lock=lock)


def read_corpus(data: Sequence[str], report: Report) -> Corpus:
    """Open and measure a text; of several files it is told which are read and which are not."""
    dataset = open_dataset(data)
    lines = dataset.account() if isinstance(dataset, TextFiles) else []
    for line in lines or ["reading the text"]:
        report(Preparing(line))
    return Corpus(dataset)


def encoded(settings: Settings, corpus: Corpus, tokenizer: Any, report: Report) -> Tokens:
    """The tokens of a corpus, of which both parts are long enough for a block.

    Raises:
        NpgptError: one is too short, or a step on them takes more memory than there is.
    """
    report(Preparing("encoding the text"))
    tokens = token_files(corpus, tokenizer, parts.tokenizer_digest(settings, tokenizer))
    for part in (tokens.train, tokens.val):
        last_start(part, settings.block_size)  # refuses a part that is too short
    require_room(
        settings.batch_size, settings.block_size, tokenizer.vocab_size, settings.grad_accumulation
    )
    return tokens


def versions() -> Mapping[str, str]:
    """Of what decides the bits of a run beside its parts."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "npgpt-core": metadata.version("npgpt-core"),
        "npgpt-train": metadata.version("npgpt-train"),
    }
