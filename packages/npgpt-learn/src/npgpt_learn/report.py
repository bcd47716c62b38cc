"""What a marking found, as data: it goes from process to process as JSON. Imports no NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from npgpt_core.errors import NpgptError

PASSED, NOT_WRITTEN, WRONG, FAILED = "passed", "not written yet", "wrong", "failed"
REPORT, TRACE = "report.json", "trace.txt"
"""Files by which the process that marks says what it found."""


@dataclass(frozen=True)
class Picture:
    """A small array beside the true one, as rows of numbers that are spelled out.

    Attributes:
        yours: the learner's.
        right: whether each is right.
        truth: what each should be.
    """

    yours: Sequence[Sequence[str]]
    right: Sequence[Sequence[bool]]
    truth: Sequence[Sequence[str]]


@dataclass(frozen=True)
class ResultReport:
    """One array, or another result.

    Attributes:
        name: such as "dW".
        state: "passed", "wrong" or "not written yet".
        mistake: the hint of the known mistake that gives the same; "" if none does.
        finding: what can be said in general; "" if nothing.
        picture: of an array that is wrong.
    """

    name: str
    state: str
    mistake: str = ""
    finding: str = ""
    picture: Picture | None = None


@dataclass(frozen=True)
class Report:
    """An exercise, marked.

    Attributes:
        state: "passed"; "wrong"; "not written yet"; "failed": the code raised, or was stopped.
        problem: why it failed.
        line: of the learner's file, where it failed or where something is to be written; or 0.
        shapes: of the arrays on the line where it failed.
        mistake: the hint of the known mistake that fails in the same way; "" if none does.
        results: each that was measured.
        printed: what the code printed, cut where it is long.
        seconds: that the marking took.
    """

    state: str
    problem: str = ""
    line: int = 0
    shapes: Sequence[str] = ()
    mistake: str = ""
    results: Sequence[ResultReport] = ()
    printed: str = ""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether all is right."""
        return self.state == PASSED

    @property
    def hints(self) -> list[str]:
        """The hints of all mistakes that were recognized, each once."""
        found = (self.mistake, *(result.mistake for result in self.results))
        return list(dict.fromkeys(filter(None, found)))

    @property
    def explained(self) -> bool:
        """Whether more is said than that something is wrong."""
        return bool(self.problem or self.hints or any(result.finding for result in self.results))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Report:
        """The report of what ``dataclasses.asdict`` made of one."""
        results = [
            ResultReport(**{**result, "picture": _picture(result["picture"])})
            for result in data["results"]
        ]
        return cls(**{**data, "results": results})


Marked = Mapping[str, Report] | NpgptError
"""What was found in a folder: a report of each exercise, or why there is none."""


def _picture(data: dict[str, Any] | None) -> Picture | None:
    return None if data is None else Picture(**data)
