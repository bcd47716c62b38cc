"""``npgpt plugins new``."""

from __future__ import annotations

from pathlib import Path

import click

from npgpt_core import registry


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
    from npgpt_cli.show.plugins_new import print_package

    scaffold = Scaffold(kind, name)
    folder = out or Path(scaffold.distribution)
    print_package(scaffold, folder, scaffold.write(folder))
