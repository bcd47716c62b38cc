"""Tables for the reader, JSON for the documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.comparison import Comparison

WIDTH = 110


def make_console() -> Console:
    """A console wide enough for the tables where there is no terminal to ask."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH)


def print_machine(console: Console, machine: dict[str, Any], pins: dict[str, str]) -> None:
    """The machine above the tables, and whether OpenBLAS was pinned."""
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    lines = [
        f"{machine['cpu']}, {machine['physical_cores']} cores; {' '.join(machine['simd'])}",
        f"{machine['threads']} threads; Python {machine['python']}, {libraries}",
    ]
    for label, pools in machine["blas"].items():
        for pool in pools:
            kernel = f"{pool['kernel']} kernels"
            lines.append(f"BLAS, {label}: {pool['name']} {pool['version']}, {kernel}")
    lines.append(f"Load of the machine before: {machine['load']} (0 is best)")
    if pins:
        names = " and ".join(pins)
        lines.append(f"{names} is set here: figures are given with it and without it.")
    for line in lines:
        console.print(escape(line))


def print_comparison(console: Console, comparison: Comparison) -> None:
    """One table: a row a side."""
    title = f"{comparison.benchmark}: {comparison.case}"
    if comparison.blas:
        title += f"; BLAS {comparison.blas}"
    title += f"; base: {comparison.base}"
    table = Table(title=escape(title), title_justify="left")
    table.add_column("side", min_width=26)
    for name in ("minimum", "median", "minima ÷ base", "rounds ÷ base, median"):
        table.add_column(name, justify="right")
    for side in comparison.rounds.figures:
        row = comparison.summary(side)
        figures = (_figure(row[name], comparison.unit) for name in ("minimum", "median"))
        ratios = (f"{row[name]:.3f}" for name in ("ratio_of_minima", "median_ratio"))
        table.add_row(escape(side), *figures, *ratios)
    for side, why in comparison.rounds.missing.items():
        table.add_row(escape(side), escape(why))
    console.print()
    console.print(table)
    if warning := str(comparison.rounds.disturbance):
        console.print(f"  {warning}")
    for note in comparison.notes:
        console.print(f"  {escape(note)}")


def _figure(figure: float, unit: str) -> str:
    return f"{figure * 1000:.1f} ms" if unit == "s" else f"{figure:.1f} {unit}"


def to_json(
    machine: dict[str, Any], settings: dict[str, Any], comparisons: Sequence[Comparison]
) -> dict[str, Any]:
    """All of it, every round included."""
    return {
        "machine": machine,
        "settings": settings,
        "comparisons": [comparison.to_json() for comparison in comparisons],
    }
