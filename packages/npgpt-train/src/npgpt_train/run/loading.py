"""A run opened for use, ``load_run("runs/x")``, or the tokenizer of one alone."""

import os
from pathlib import Path
from typing import NamedTuple

from npgpt_core import registry
from npgpt_core.errors import NpgptError
from npgpt_core.module import Module
from npgpt_core.protocols import Tokenizer
from npgpt_core.shell import command
from npgpt_train.run.folder import Run
from npgpt_train.run.metrics import Metrics
from npgpt_train.run.paths import containing_folder, is_run
from npgpt_train.settings.settings import Settings
from npgpt_train.text.tokenizer_file import MAX_SIZE, OTHERS, require_run_or_file


class LoadedRun(NamedTuple):
    """What ``load_run`` gives; the model is in evaluation mode."""

    model: Module
    tokenizer: Tokenizer
    settings: Settings
    metrics: Metrics

    def __repr__(self) -> str:
        """What of each there is, in one line."""
        return (
            f"LoadedRun(model={type(self.model).__name__} with"
            f" {self.model.num_parameters():,} parameters,"
            f" tokenizer={type(self.tokenizer).__name__} with {self.tokenizer.vocab_size:,} ids,"
            f" settings=Settings of {self._training()},"
            f" metrics={len(self.metrics):,} events)"
        )

    def _training(self) -> str:
        return f"{self.settings.max_iters:,} steps" if self.settings.data else "an imported model"


def load_run(folder: str | Path, checkpoint: str = "best") -> LoadedRun:
    """Open a run: its model, tokenizer, settings and metrics.

    Args:
        folder: of the run.
        checkpoint: "best" (lowest validation loss; the latest if none was measured), "latest" or a
            step.

    Raises:
        NpgptError: no run, no checkpoint, a damaged file, or a part that is not installed.
    """
    run = Run.open(folder)
    run.require_parts("model", "tokenizer")
    return LoadedRun(run.model(checkpoint), run.tokenizer(), run.settings, run.metrics())


def load_tokenizer(path: str | Path) -> Tokenizer:
    """Open the tokenizer of a run, or of a file (see ``named_tokenizer``)."""
    return named_tokenizer(path)[1]


def named_tokenizer(path: str | Path) -> tuple[str, Tokenizer]:
    """Name and tokenizer of a run, or of a file: of the run next to it, or the first that reads it.

    Raises:
        NpgptError: there is neither, or no installed tokenizer reads the file.
    """
    path = Path(path)
    if os.path.isdir(path):
        run = Run.open(path)
        return run.settings.tokenizer.name, run.tokenizer()
    require_run_or_file(path)
    if path.suffix in OTHERS:
        raise NpgptError(f"{path} is {_foreign(path)}")
    folder, file = containing_folder(path)
    state = folder.read_json(file, MAX_SIZE)
    names = registry.names("tokenizer")
    if is_run(path.parent):
        names = [Run.open(path.parent).settings.tokenizer.name]
    refusals = {}
    for name in names:
        try:
            return name, registry.load("tokenizer", name).from_state(state)
        except Exception as error:  # a broken plugin must not keep the others from trying
            refusals[name] = str(error)
    if (said := state.get("tokenizer")) in names:  # whose state it is, and why that is refused
        raise NpgptError(f"no installed tokenizer reads {path}: {refusals[said]}")
    raise NpgptError(
        f"no installed tokenizer reads {path}: it is no state of {', '.join(names)}, but perhaps"
        f" {_foreign(path)}"
    )


def _foreign(path: Path) -> str:
    return (
        "a file of another program, which has to be imported first:"
        f" {command('npgpt', 'import', path)} (of npgpt-convert)"
    )
