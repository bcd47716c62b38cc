"""What ``npgpt plugins new`` prints: the files that it wrote, and what to do with them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from npgpt_cli.scaffold import Scaffold
from npgpt_core.shell import command


def print_package(scaffold: Scaffold, folder: Path, written: Sequence[Path]) -> None:
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
