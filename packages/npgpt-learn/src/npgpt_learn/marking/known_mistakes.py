"""A learner's trials compared with those of every known mistake."""

from collections.abc import Iterable, Sequence
from typing import Any

from npgpt_learn.marking.comparing import same
from npgpt_learn.marking.trial import Trial

Known = tuple[str, Sequence[Trial]]
"""The hint of a mistake, and its trials on the same cases."""


def same_failure(trials: Sequence[Trial], known: Iterable[Known]) -> str:
    """The hint of the one mistake that fails with the same words in the same case.

    "" if none does, or several: then it is none of them that fails.
    """
    wanted = _failures(trials)
    hints = [hint for hint, theirs in known if _failures(theirs) == wanted]
    return hints[0] if len(hints) == 1 else ""


def _failures(trials: Sequence[Trial]) -> list[Any]:
    failures = [trial.failure for trial in trials]
    return [failure and (failure.text, set(failure.shapes)) for failure in failures]


def same_results(
    wrong: Sequence[str], trials: Sequence[Trial], known: Iterable[Known]
) -> dict[str, str]:
    """Result that is wrong -> the hint of the mistake that gives the same one.

    It is no mistake that would make a result wrong which is right. Of several it is the one that
    explains the most.
    """
    explained = []
    for hint, theirs in known:
        if any(name not in wrong for name in trials[0].truth if not _right(name, theirs)):
            continue
        explained.append((hint, [name for name in wrong if _equal(name, trials, theirs)]))
    found: dict[str, str] = {}
    for hint, names in sorted(explained, key=lambda pair: -len(pair[1])):
        for name in names:
            found.setdefault(name, hint)
    return found


def _right(name: str, trials: Sequence[Trial]) -> bool:
    return all(trial.right(name) for trial in trials)


def _equal(name: str, trials: Sequence[Trial], theirs: Sequence[Trial]) -> bool:
    """Whether a mistake gives the same result in every call of every case."""
    return not any(trial.failure for trial in theirs) and all(
        same(call[name], other[name])
        for trial, known in zip(trials, theirs, strict=True)
        for call, other in zip(trial.calls, known.calls, strict=True)
    )
