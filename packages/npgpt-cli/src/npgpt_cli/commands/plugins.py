"""``npgpt plugins``: what is installed, and whether it is sound."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

import click

from npgpt_cli.commands.plugins_new import new
from npgpt_cli.commands.plugins_show import show
from npgpt_core import registry
from npgpt_core.errors import PluginError
from npgpt_core.registry import Plugin

HEADINGS = ("distribution", "version", "status", "provides", "reason")
COLOURS = {"ok": "green", "failed": "red", "disabled": "dim"}


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--check", is_flag=True, help="Import every part; exit with 1 if one fails.")
@click.pass_context
def plugins(ctx: click.Context, as_json: bool, check: bool) -> None:
    """List installed plugins: what they provide, and why one failed.

    NPGPT_DISABLE_PLUGINS=NAME,... leaves plugins out, NPGPT_LOAD_PLUGINS=NAME,... leaves out all
    third parties' but those, and NPGPT_PLUGIN_STRICT=1 makes a failure an error.
    """
    if ctx.invoked_subcommand is not None:
        return
    found: Iterable[Plugin] = registry.plugins()
    if check:
        found = [_checked(plugin) for plugin in found]
    if as_json:
        click.echo(json.dumps([asdict(plugin) for plugin in found], indent=2))
    else:
        _print_table([_row(plugin) for plugin in found])
    if check and any(plugin.status == "failed" for plugin in found):
        ctx.exit(1)


plugins.add_command(show)
plugins.add_command(new)


def _checked(plugin: Plugin) -> Plugin:
    """The plugin as it is after importing every part and holding it against its protocol."""
    failures = []
    for spec in plugin.provides:
        try:
            registry.load_spec(spec)
        except PluginError as error:
            failures.append(str(error))
    return replace(plugin, status="failed", reason="; ".join(failures)) if failures else plugin


def _row(plugin: Plugin) -> tuple[str, ...]:
    from npgpt_train.escaping import printable

    provides = []
    for kind in registry.KINDS:
        if names := [spec.name for spec in plugin.provides if spec.kind == kind]:
            provides.append(f"{kind} {', '.join(names)}")
    columns = (plugin.distribution, plugin.version, plugin.status, "; ".join(provides))
    return tuple(printable(text) for text in (*columns, plugin.reason))


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    """A table that fits the terminal; where there is none, one aligned line for each plugin."""
    from npgpt_cli.terminal import is_terminal

    if not any(row[-1] for row in rows):  # nothing is wrong
        rows = [row[:-1] for row in rows]
    headings = HEADINGS[: len(rows[0])] if rows else HEADINGS
    if not is_terminal():
        columns = list(zip(headings, *rows, strict=True))
        widths = [max(map(len, column)) for column in columns]
        for row in (headings, *rows):
            padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            click.echo("  ".join(padded).rstrip())
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*headings)
    for row in rows:
        cells = [Text(cell) for cell in row]
        cells[2].stylize(COLOURS.get(row[2], "yellow"))
        table.add_row(*cells)
    Console().print(table)
