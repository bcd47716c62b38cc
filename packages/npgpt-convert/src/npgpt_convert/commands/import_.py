"""``npgpt import``."""

from pathlib import Path

import click


@click.command("import")
@click.argument("source")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="The run's folder.  [default: the next free runs/NAME-N]",
)
def import_(source: str, out: Path | None) -> None:
    """Take a model or a tokenizer of another program in.

    SOURCE is a file or a folder. A model becomes a run at step 0: every command works on it.
    """
    from npgpt_convert.importing import import_model

    click.echo(import_model(source, out))
