"""What ``npgpt export`` prints."""

import click

from npgpt_convert.exporting import Exported
from npgpt_core.escaping import one_line


def print_exported(done: Exported) -> None:
    """What there is to say, and where it is."""
    for note in done.notes:
        click.echo(one_line(note))
    click.echo(one_line(f"written: {done.path}"))
