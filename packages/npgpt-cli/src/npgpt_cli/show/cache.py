"""What ``npgpt cache`` prints: a line for whatever is kept, and what was cleared."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from npgpt_core.escaping import printable
from npgpt_train.formatting import mebibytes
from npgpt_train.machine.cache import Cached, Cleared


def print_cached(entries: Sequence[Cached], total: int, folder: Path) -> None:
    """Size, kind, date of the last use and origin of each; then the size of all in the folder."""
    for entry in entries:
        about = entry.about or entry.name
        line = f"{_size(entry.size)}  {entry.kind:10}  {_date(entry.used):10}  {about}"
        click.echo(printable(line))
    click.echo(printable(f"{_size(total)}  in {folder}"))


def print_cleared(cleared: Cleared) -> None:
    """What could not be deleted, and how much was."""
    for name, reason in cleared.left.items():
        click.echo(printable(f"left: {name}: {reason}"))
    click.echo(f"{mebibytes(cleared.freed, 1)} freed")


def _size(size: int) -> str:
    return f"{mebibytes(size, 1):>13}"


def _date(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds):%Y-%m-%d}" if seconds else ""
    except (OverflowError, ValueError, OSError):  # somebody gave the file an absurd time
        return "?"
