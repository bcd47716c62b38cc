"""What ``npgpt runs`` prints: a row a run."""

from collections.abc import Sequence
from pathlib import Path

import click

from npgpt_cli.show.console import open_console, table
from npgpt_core.escaping import one_line
from npgpt_train.run.listing import RunSummary

COLUMNS = {
    "run": "wrap",
    "state": "left",
    "steps": "right",
    "best loss": "left",
    "data": "wrap",
    "tokenizer": "wrap",
    "model": "wrap",
    "last written": "wrap",
}


def print_runs(entries: Sequence[RunSummary], folder: Path) -> None:
    """A table of the runs below a folder, and below it what is wrong with the damaged ones."""
    if not entries:
        click.echo(f"there are no runs below {one_line(str(folder))}")
        return
    shown = table(COLUMNS)
    for column in shown.columns:
        column.overflow = "fold"  # a path that is cut says nothing
    for entry in entries:
        shown.add_row(*_cells(entry))
    open_console().print(shown)
    for entry in entries:
        if entry.reason:
            click.echo(one_line(f"{entry.folder}: {entry.reason}"))


def _cells(entry: RunSummary) -> list[str]:
    steps = "" if entry.steps is None else f"{entry.step:,} of {entry.steps:,}"
    best = "" if entry.best_loss is None else f"{entry.best_loss:.4f} at {entry.best_step:,}"
    data, written = " ".join(entry.data), f"{entry.date:%Y-%m-%d %H:%M}"
    names = (data, entry.tokenizer or "", entry.model or "")
    cells = (str(entry.folder), entry.state, steps, best, *names, written)
    return [one_line(cell) for cell in cells]
