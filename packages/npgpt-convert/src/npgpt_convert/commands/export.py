"""``npgpt export``."""

from pathlib import Path

import click

PATH = click.Path(path_type=Path)


@click.command()
@click.argument("run", type=PATH, metavar="RUN")
@click.option("--format", metavar="NAME", required=True, help="What the other program reads.")
@click.option("--out", type=PATH, metavar="PATH", required=True, help="What to make.")
def export(run: Path, format: str, out: Path) -> None:
    """Give the model or the tokenizer of a run to another program."""
    from npgpt_convert.exporting import export_model

    click.echo(export_model(run, format, out))
