"""``npgpt plugins``: what is installed, and whether it is sound."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

import click

from npgpt_cli.commands.plugins_new import new
from npgpt_cli.commands.plugins_show import show
from npgpt_core import registry
from npgpt_core.errors import PluginError
from npgpt_core.plugins.registry import Plugin

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
    found: Sequence[Plugin] = registry.plugins()
    if check:
        found = [_checked(plugin) for plugin in found]
    if as_json:
        click.echo(json.dumps([asdict(plugin) for plugin in found], indent=2))
    else:
        _print(found)
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


def _print(found: Sequence[Plugin]) -> None:
    """A table, and below it the reasons of what failed, each on a line of its own."""
    from npgpt_cli.terminal import is_terminal
    from npgpt_train.machine.escaping import printable

    (_print_table if is_terminal() else _print_lines)(found)
    for plugin in found:
        if plugin.reason:
            words = (plugin.distribution, plugin.version, f"{plugin.status}:", plugin.reason)
            click.echo("\n" + printable(" ".join(" ".join(words).split())))


def _print_lines(found: Sequence[Plugin]) -> None:
    """A line for each part, in columns that other programs can cut; - where there is none."""
    from npgpt_train.machine.escaping import printable

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
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from npgpt_train.machine.escaping import printable

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
