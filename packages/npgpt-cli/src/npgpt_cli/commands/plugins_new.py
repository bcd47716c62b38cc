"""``npgpt plugins new``: a package to start from."""

from __future__ import annotations

import os
from pathlib import Path

import click

from npgpt_core import registry
from npgpt_core.shell import command


@click.command()
@click.argument("kind", type=click.Choice(registry.KINDS))
@click.argument("name")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The package's folder.  [default: ./npgpt-NAME]",
)
def new(kind: str, name: str, out: Path | None) -> None:
    """Write a small package that adds a part.

    The part is called NAME and works as it is, and the package's tests pass; make it yours.
    """
    from npgpt_cli.scaffold import Scaffold

    scaffold = Scaffold(kind, name)
    folder = out or Path(scaffold.distribution)
    written = scaffold.write(folder)
    click.echo(f"{folder} is a package that adds the {kind} {name}:")
    for path in written:
        click.echo(f"  {path.relative_to(folder)}")
    click.echo("\nNext:")
    source = folder.absolute() if out else f".{os.sep}{folder}"
    for line in (
        command("pip", "install", "-e", f"{source}[test]"),
        command("pytest", folder),
        command("npgpt", "plugins", "--check"),
        scaffold.try_it,
    ):
        click.echo(f"  {line}")
