"""The runs of a comparison: what is there must be what is asked for, what is not is trained."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError, warn
from npgpt_core.events import Comparing
from npgpt_core.protocols import Observer, Tokenizer
from npgpt_core.shell import command
from npgpt_train.comparison.stability import require_finite
from npgpt_train.comparison.variants import Variant
from npgpt_train.events import Reporter
from npgpt_train.loop.diagnosis import NonFiniteError
from npgpt_train.run.folder import Run
from npgpt_train.settings.part_options import with_defaults
from npgpt_train.settings.settings import Settings, differences
from npgpt_train.text.corpus import Corpus
from npgpt_train.text.tokenizer_file import tokenizer_bytes
from npgpt_train.training import train


def check_settings(run: Run, wanted: Settings) -> None:
    """Refuse a run that was made with other settings."""
    found = differences(wanted, with_defaults(run.settings))
    found.pop("workers", None)  # settled by the machine
    found.pop("data", None)  # its content decides: see check_record
    if found:
        raise NpgptError(
            f"{run.folder} was made with other settings ({'; '.join(found.values())}):"
            " compare into another `out`"
        )


def check_tokenizer(run: Run, tokenizer: Tokenizer, path: str) -> None:
    """Refuse a run that was made with another tokenizer than the one at ``path``."""
    if tokenizer_bytes(run.tokenizer()) != tokenizer_bytes(tokenizer):
        raise NpgptError(
            f"{run.folder} was made with another tokenizer than {path} is now: compare into another"
            " `out`"
        )


def check_record(run: Run, corpus: Corpus, data: Sequence[str]) -> None:
    """Refuse a run that read another text than ``data``, or whose batches several ranks made."""
    record, recorded = run.record, run.text_record()
    if recorded.sha256 != corpus.sha256:
        raise NpgptError(
            f"{run.folder} was trained on another text than {command(*data)} is now, with"
            f" SHA-256 {recorded.sha256}, not {corpus.sha256}: restore it, or compare into"
            " another `out`"
        )
    if record.ranks != 1:
        raise NpgptError(
            f"{run.folder} was trained by {record.ranks} processes, so its batches are larger than"
            " those of the others: compare into another `out`"
        )


def train_all(
    folders: Mapping[Variant, Path],
    there: Mapping[Variant, Run],
    new: Mapping[str, Any],
    again: Mapping[str, Any],
    observe: Sequence[str | Observer],
    report: Reporter,
) -> tuple[dict[Variant, Run], dict[Variant, NonFiniteError]]:
    """Train each run that is not finished; gives the finished ones, and those that diverged.

    ``new`` are the arguments of all new runs besides their own flags, ``again`` those of resumed
    ones. A run that diverged in an earlier call resumes at its last checkpoint, and diverges again.

    Raises:
        NonFiniteError: every run diverged.
    """
    runs: dict[Variant, Run] = {}
    diverged: dict[Variant, NonFiniteError] = {}
    for number, (variant, where) in enumerate(folders.items(), start=1):
        run = there.get(variant)
        state = "new" if run is None else "finished" if run.is_finished else "interrupted"
        report(Comparing(variant.name, number, len(folders), state))
        how = {**new, **variant.flags} if run is None else {"resume": True, **again}
        try:
            if run is None or state != "finished":
                run = train(out=where, observe=observe, report=report, **how)
            require_finite(run.whole_metrics(), run.settings.lr)
        except NonFiniteError as error:
            warn(f"{variant.name} diverged: {error}")
            diverged[variant] = error.with_traceback(None)  # which would keep the model alive
        else:
            runs[variant] = run
    if not runs:
        first = next(iter(diverged.values()))
        reasons = "; ".join(f"{v.name}: {error.reason}" for v, error in diverged.items())
        raise NonFiniteError(first.step, f"every run diverged: {reasons}", first.advice)
    return runs, diverged
