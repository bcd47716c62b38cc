"""The figures of several sides on the same work, and their ratios."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any

from benchmarks.side import Rounds


@dataclass(frozen=True)
class Comparison:
    """One case of one benchmark.

    Args:
        benchmark: its name on the command line.
        case: what was done.
        base: the side by whose figures the others are divided.
        rounds: the figures of all sides.
        blas: how OpenBLAS chose its kernels, where that matters.
        unit: of the figures, "s" or "MB".
        notes: what else there is to say, such as that the sides came to the same result.
    """

    benchmark: str
    case: str
    base: str
    rounds: Rounds
    blas: str = ""
    unit: str = "s"
    notes: tuple[str, ...] = field(default=())

    def summary(self, side: str) -> dict[str, float]:
        """Minimum and median of a side's figures, and of its ratio to the base.

        The ratio of the medians is the median of the ratios within a round: a disturbance that
        lasts longer than a round hits both.
        """
        figures, base = self.rounds.figures[side], self.rounds.figures[self.base]
        ratios = [figure / other for figure, other in zip(figures, base, strict=True)]
        return {
            "minimum": min(figures),
            "median": statistics.median(figures),
            "ratio_of_minima": min(figures) / min(base),
            "median_ratio": statistics.median(ratios),
        }

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists, strings and numbers."""
        sides: dict[str, Any] = {
            name: {**self.summary(name), "rounds": figures}
            for name, figures in self.rounds.figures.items()
        }
        sides |= {name: {"missing": why} for name, why in self.rounds.missing.items()}
        return {
            "benchmark": self.benchmark,
            "case": self.case,
            "blas": self.blas,
            "unit": self.unit,
            "base": self.base,
            "sides": sides,
            "notes": list(self.notes),
            "disturbance": self.rounds.disturbance._asdict(),
        }
