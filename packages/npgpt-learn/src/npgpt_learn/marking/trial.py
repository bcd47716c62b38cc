"""Code, tried on one case: its results of two calls, or the failure that came instead."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

from npgpt_learn.marking.code import Code, Failure
from npgpt_learn.marking.comparing import same
from npgpt_learn.marking.marking import Case, Results


@dataclass(frozen=True, eq=False)
class Trial:
    """What code gave for a case.

    Attributes:
        source: of the code.
        filename: where it is, or what it is.
        case: the inputs.
        truth: the results that they should have.
        calls: the results of two calls; none if it failed.
        failure: why it failed.
    """

    source: str
    filename: str
    case: Case
    truth: Results
    calls: Sequence[Results] = ()
    failure: Failure | None = None

    @classmethod
    def of(cls, source: str, filename: str, case: Case, truth: Results) -> Trial:
        """Execute a source, and measure twice: the first call must not change the second.

        Only what the first call prints is printed.
        """
        try:
            code = Code(source, filename)
            first = code.watched(lambda: case.measure(code))
            with silence():
                second = code.watched(lambda: case.measure(code))
        except Failure as failure:
            return cls(source, filename, case, truth, failure=failure)
        return cls(source, filename, case, truth, (first, second))

    def asked(self, case: Case, name: str) -> Any:
        """The result for other inputs; ``...`` where the code fails."""
        try:
            code = Code(self.source, self.filename)
            return code.watched(lambda: case.measure(code))[name]
        except Failure:
            return ...

    def right(self, name: str) -> bool:
        """Whether a result is right in both calls."""
        return all(same(call[name], self.truth[name]) for call in self.calls)

    @property
    def passed(self) -> bool:
        """Whether every result is right."""
        return not self.failure and all(self.right(name) for name in self.truth)

    def there(self, name: str) -> bool:
        """Whether a call gave a result, or added something to what was there."""
        values = [call[name] for call in self.calls]
        if name in self.case.before:
            return any(value.any() for value in values)
        return any(value is not ... for value in values)


class Silence(io.TextIOBase):
    """Standard output that goes nowhere."""

    def write(self, text: str) -> int:
        """Drop it."""
        return len(text)


def silence() -> redirect_stdout[Silence]:
    """A ``with`` block in which nothing is printed."""
    return redirect_stdout(Silence())
