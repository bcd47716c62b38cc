"""What ``npgpt plugins`` prints: what is installed, one part of it, or a package just written."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from npgpt_cli import terminal
from npgpt_cli.show.describe import options_of, summary
from npgpt_cli.using import used_by
from npgpt_core import registry
from npgpt_core.escaping import printable
from npgpt_core.plugins.registry import Plugin, Spec
from npgpt_core.shell import command

if TYPE_CHECKING:
    from npgpt_cli.scaffold import Scaffold

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


def print_part(spec: Spec, target: Any) -> None:
    """What a part is, who brought it, how it is used, and its options."""
    kind = registry.KINDS[spec.kind]
    formatter = click.HelpFormatter(max_width=100)
    formatter.write_text(f"{spec.kind} {spec.name}")
    with formatter.indentation():
        if text := summary(target):
            formatter.write_text(text)
            formatter.write_paragraph()
        formatter.write_dl(
            [
                ("from", f"{spec.distribution} {spec.version}"),
                ("full name", spec.qualified),
                ("target", spec.target),
                ("use", command(*used_by(spec.kind), spec.name)),
            ]
        )
    options = options_of(spec.kind, target)
    if options:
        with formatter.section("Options"):
            formatter.write_dl([(option.heading, option.text or " ") for option in options])
    else:
        formatter.write_paragraph()
        formatter.write_text("It has no options.")
    if key := kind.key(spec.name):
        formatter.write_paragraph()
        if options:
            formatter.write_text(f"Set an option with --set {key}.OPTION=VALUE.")
        if kind.given:
            formatter.write_text(f"Training itself gives {', '.join(kind.given)}.")
    click.echo(printable(formatter.getvalue()), nl=False)


def print_package(scaffold: "Scaffold", folder: Path, written: Sequence[Path]) -> None:
    """The files of a new package, and the commands that install, test and try it."""
    click.echo(f"{folder} is a package that adds the {scaffold.kind} {scaffold.name}:")
    for path in written:
        click.echo(f"  {path.relative_to(folder)}")
    click.echo("\nNext:")
    here = folder == Path(scaffold.distribution)
    source = f".{os.sep}{folder}" if here else folder.absolute()
    for line in (
        command("pip", "install", "-e", f"{source}[test]"),
        command("pytest", folder),
        command("npgpt", "plugins", "--check"),
        scaffold.try_it,
    ):
        click.echo(f"  {line}")
