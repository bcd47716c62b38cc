"""``npgpt runs``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from npgpt_train.run.listing import Entry

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


@click.command()
@click.argument(
    "folder", type=click.Path(path_type=Path), metavar="[DIR]", default=Path("runs"), required=False
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def runs(folder: Path, as_json: bool) -> None:
    """List the runs below DIR, that last written to first.

    DIR is runs unless given. The best loss is the lowest validation loss, in nats per token, with
    its step. A run is running, unfinished (npgpt train --resume --out RUN goes on with it),
    finished or damaged. All of them are only read.
    """
    from npgpt_train.run.listing import list_runs

    entries = list_runs(folder)
    if as_json:
        click.echo(json.dumps([_record(entry) for entry in entries]))
        return
    if not entries:
        click.echo(f"there are no runs below {_one_line(str(folder))}")
        return
    from npgpt_cli.show.console import console, table

    shown = table(COLUMNS)
    for column in shown.columns:
        column.overflow = "fold"  # a path that is cut says nothing
    for entry in entries:
        shown.add_row(*_cells(entry))
    console().print(shown)
    for entry in entries:
        if entry.reason:
            click.echo(_one_line(f"{entry.folder}: {entry.reason}"))


def _record(entry: Entry) -> dict[str, object]:
    return {**asdict(entry), "folder": str(entry.folder), "date": entry.date.isoformat()}


def _cells(entry: Entry) -> list[str]:
    steps = "" if entry.step is None else f"{entry.step:,} of {entry.steps:,}"
    best = "" if entry.best_loss is None else f"{entry.best_loss:.4f} at {entry.best_step:,}"
    data, written = " ".join(entry.data), f"{entry.date:%Y-%m-%d %H:%M}"
    names = (data, entry.tokenizer or "", entry.model or "")
    cells = (str(entry.folder), entry.state, steps, best, *names, written)
    return [_one_line(cell) for cell in cells]


def _one_line(text: str) -> str:
    """Harmless text without line breaks."""
    from npgpt_train.machine.escaping import printable

    return " ".join(printable(text).split())
