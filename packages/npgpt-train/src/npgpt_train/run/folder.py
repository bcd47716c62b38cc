"""A run's folder: what was asked for, what came of it, and how to open it again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from npgpt_core import registry
from npgpt_core.errors import NpgptError, warn
from npgpt_core.module import Module
from npgpt_core.protocols import Tokenizer
from npgpt_core.zero_weights import ZeroWeights
from npgpt_train.machine.disk import Folder, writing
from npgpt_train.machine.lock import NAME as LOCK
from npgpt_train.machine.lock import RunLock, locked
from npgpt_train.run import checkpoint
from npgpt_train.run.checkpoint import Checkpoint, Checkpoints
from npgpt_train.run.formats import read_format
from npgpt_train.run.metrics import METRICS, Metrics, read_metrics, require_whole
from npgpt_train.run.paths import RECORD, TOKENIZER, UNFINISHED, check_free, is_run
from npgpt_train.run.record import READERS, RunRecord, versions
from npgpt_train.settings.parts import build_model
from npgpt_train.settings.provenance import RECORDED, require_installed, with_qualified_names
from npgpt_train.settings.settings import Settings
from npgpt_train.text.corpus import Corpus, read_text
from npgpt_train.text.record import TextRecord
from npgpt_train.text.relocation import find_text
from npgpt_train.text.tokenizer_file import MAX_SIZE, encoding_digest


@dataclass(frozen=True)
class Run:
    """A folder with ``run.json``, made by ``Run.create`` or opened by ``Run.open``."""

    folder: Path
    record: RunRecord = field(repr=False)

    @classmethod
    def create(
        cls, folder: Path, tokenizer: bytes, start: Checkpoint | None = None, **recorded: Any
    ) -> tuple[Run, RunLock]:
        """Make a run and hold its lock: complete with ``run.json``, no run before it.

        Args:
            folder: of the run.
            tokenizer: what ``tokenizer.json`` will hold.
            start: the weights of another run, to be kept as the checkpoint of step 0.
            recorded: what its ``RunRecord`` will say beside versions and digest of the tokenizer.

        Whatever stops it, an error or Ctrl-C, leaves nothing that was not there.

        Raises:
            NpgptError: the folder holds something already, or cannot be written.
        """
        digest = hashlib.sha256(tokenizer).hexdigest()
        run = cls(folder, RunRecord(versions=versions(), tokenizer_sha256=digest, **recorded))
        with locked(folder) as lock, writing(f"the run folder {folder}"):
            there = check_free(folder)
            if checkpoint.FOLDER in there:  # of a process that died before its run was made
                run.files.remove(checkpoint.FOLDER)
            try:
                run.files.replace(TOKENIZER, tokenizer)
                if start is not None:
                    run.checkpoints.save(start, keep=1)
                run.save_record()
            except BaseException:
                for name in UNFINISHED - {LOCK}:
                    run.files.remove(name)
                raise
        return run, lock

    @classmethod
    def open(cls, folder: str | Path) -> Run:
        """Open an existing run.

        Raises:
            NpgptError: no run is there, or its ``run.json`` is damaged or of a newer format.
        """
        folder = Path(folder)
        if not is_run(folder):
            raise NpgptError(f"{folder} holds no run: there is no {folder / RECORD}")
        content = Folder(folder).read_json(RECORD)
        record = read_format(content, READERS, folder / RECORD)
        settings = with_qualified_names(record.settings, record.parts)
        return cls(folder, replace(record, settings=settings))

    def save_record(self) -> None:
        """Write ``run.json`` anew."""
        self.files.replace_json(RECORD, self.record.to_json())

    @property
    def settings(self) -> Settings:
        """The settings it was made with; a part whose name became ambiguous has its full one."""
        return self.record.settings

    @cached_property
    def files(self) -> Folder:
        """Its files, of which none is reached through a link."""
        return Folder(self.folder)

    @cached_property
    def checkpoints(self) -> Checkpoints:
        """Its checkpoints."""
        return Checkpoints(self.folder)

    @property
    def is_finished(self) -> bool:
        """Whether all its steps are done and its sample is written."""
        done = self.checkpoints.pointer("latest") == self.settings.max_iters
        return done and self.files.has("sample.txt")

    @property
    def metrics_path(self) -> Path:
        """Where its metrics are."""
        return self.folder / METRICS

    def metrics(self) -> Metrics:
        """All events so far."""
        return read_metrics(self.metrics_path)

    def whole_metrics(self) -> Metrics:
        """All events of a finished run; an ``NpgptError`` if they are not whole."""
        metrics = self.metrics()
        require_whole(metrics, self.metrics_path)
        return metrics

    def is_trained(self) -> bool:
        """Whether a step was taken."""
        return any(self.checkpoints.steps()) or any(event["step"] for event in self.metrics())

    def discard(self) -> None:
        """Delete all of it but the lock, which the caller holds: another may be made here."""
        for name in (RECORD, *self.files.names()):  # without that file it is no run any more
            if name != LOCK:
                self.files.remove(name)

    def require_parts(self, *kinds: str, others: Mapping[str, str] | None = None) -> None:
        """Make sure that its parts (all, unless named) are installed; warn of other versions.

        Args:
            kinds: of the parts.
            others: what else is at another version now, distribution -> its version then and now.

        Raises:
            PluginError: says which distribution to install, and at which version.
        """
        needed = [kind for kind in kinds or RECORDED if kind not in self._required]
        self._required.update(needed)  # so that a differing version is told once
        changed = {**(others or {}), **require_installed(self.record.parts, needed, self.folder)}
        if changed:
            there = ", ".join(f"{name} {versions}" for name, versions in changed.items())
            warn(f"{self.folder} was made with {there}: what it computes may differ in its bits")

    @cached_property
    def _required(self) -> set[str]:
        return set()

    def tokenizer(self) -> Tokenizer:
        """Its tokenizer, trained."""
        self.require_parts("tokenizer")
        path = self.folder / TOKENIZER
        state = self.files.read_json(TOKENIZER, MAX_SIZE)
        target = registry.load("tokenizer", self.settings.tokenizer.name)
        try:
            tokenizer: Tokenizer = target.from_state(state)
        except NpgptError as error:
            raise NpgptError(f"{path} is damaged: {error}") from error
        if tokenizer.vocab_size != self.record.vocab_size:
            raise NpgptError(
                f"{path} has {tokenizer.vocab_size} ids, the run was made with"
                f" {self.record.vocab_size}: it is another tokenizer"
            )
        if self.record.encoding_sha256 not in (None, encoding_digest(tokenizer)):
            warn(
                f"the code of the tokenizer {self.settings.tokenizer.name!r} changed since"
                f" {self.folder} was made: it gives other ids, which the model did not learn"
            )
        return tokenizer

    def text_record(self) -> TextRecord:
        """What it records of its text.

        Raises:
            NpgptError: it is an imported model, which has none.
        """
        if self.record.data is None:
            raise NpgptError(
                f"{self.folder} is an imported model, without text and training of its own: name a"
                " text with `data` to evaluate it or explain a step of it, or train it with"
                f" `init_from={self.folder}`"
            )
        return self.record.data

    def corpus(self, read: Callable[[Sequence[str]], Corpus] = read_text) -> Corpus:
        """The text that it was trained on, found again.

        Args:
            read: opens the text of names or paths.

        Raises:
            PluginError: its dataset is not installed.
            NpgptError: the text is not found, or another one.
        """
        recorded = self.text_record()
        self.require_parts("dataset")
        is_dataset = "dataset" in self.record.parts
        return find_text(self.settings.data, recorded, is_dataset, self.folder, read)

    def require_same_tokenizer(self) -> None:
        """Raise an ``NpgptError`` if its tokenizer is the file that it began with."""
        path = self.folder / TOKENIZER
        data = self.files.read(TOKENIZER, MAX_SIZE)
        if self.record.tokenizer_sha256 not in (None, hashlib.sha256(data).hexdigest()):
            raise NpgptError(
                f"{path} changed since the run began: restore it, or start another run"
            )

    def fresh_model(self, rng: np.random.Generator) -> Module:
        """Its model with fresh weights.

        Raises:
            NpgptError: its settings make a larger model than was recorded.
        """
        record = self.record
        return build_model(self.settings, record.vocab_size, rng, most=record.parameters)

    def model(self, which: str = "best") -> Module:
        """Its model with the weights of a checkpoint (see ``step_of``), in evaluation mode."""
        self.require_parts("model")
        step = self.checkpoints.step_of(which)
        model = self.fresh_model(ZeroWeights())
        self.checkpoints.load_into(model, step)
        model.eval()
        return model
