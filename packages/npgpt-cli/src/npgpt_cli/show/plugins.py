"""What ``npgpt plugins`` prints: a line for each part, or on a terminal a row for each plugin."""

from __future__ import annotations

from collections.abc import Sequence

import click

from npgpt_cli import terminal
from npgpt_core import registry
from npgpt_core.plugins.registry import Plugin
from npgpt_train.machine.escaping import printable

COLOURS = {"ok": "green", "failed": "red", "disabled": "dim"}


def print_plugins(found: Sequence[Plugin]) -> None:
    """A table, and below it the reasons of what failed, each on a line of its own."""
    (_print_table if terminal.is_terminal() else _print_lines)(found)
    for plugin in found:
        if plugin.reason:
            words = (plugin.distribution, plugin.version, f"{plugin.status}:", plugin.reason)
            click.echo("\n" + printable(" ".join(" ".join(words).split())))


def _print_lines(found: Sequence[Plugin]) -> None:
    """A line for each part, in columns that other programs can cut; - where there is none."""
    rows: list[tuple[str, ...]] = [("distribution", "version", "status", "kind", "name")]
    for plugin in found:
        about = (plugin.distribution, plugin.version, plugin.status)
        parts = [(spec.kind, spec.name) for spec in plugin.provides] or [("-", "-")]
        rows += [tuple(map(printable, (*about, *part))) for part in parts]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _print_table(found: Sequence[Plugin]) -> None:
    """A row for each plugin, as wide as the terminal."""
    from rich.console import Console  # only here: it takes longer than all the rest of the command
    from rich.table import Table
    from rich.text import Text

    table = Table("distribution", "version", "status", "provides")
    for plugin in found:
        provides = []
        for kind in registry.KINDS:
            if names := [spec.name for spec in plugin.provides if spec.kind == kind]:
                provides.append(f"{kind} {', '.join(names)}")
        columns = (plugin.distribution, plugin.version, plugin.status, "; ".join(provides))
        cells = [Text(printable(cell)) for cell in columns]
        cells[2].stylize(COLOURS.get(plugin.status, "yellow"))
        table.add_row(*cells)
    Console().print(table)
