"""What ``npgpt import`` prints: what was read, what it is now, and what to do with it."""

from pathlib import Path

import click

from npgpt_convert.importing import Imported
from npgpt_core.escaping import one_line, printable
from npgpt_core.shell import command


def print_imported(done: Imported) -> None:
    """A line a fact."""
    click.echo(f"read        {done.read}")
    click.echo(f"tokenizer   {done.tokenizer.vocab_size:,} ids")
    if done.run is None:
        _print_next(f"the tokenizer is {done.path}", "tokenize", done.path, "To be, or not to be")
        return
    settings, parameters = done.run.settings, done.run.record.parameters
    click.echo(f"model       {settings.model.name}, {parameters:,} parameters")
    click.echo(f"block_size  {settings.block_size:,} tokens")
    _print_next(f"the run is in {done.path}", "generate", done.path, "--prompt", "Once upon a time")


def _print_next(where: str, *words: str | Path) -> None:
    click.echo(one_line(where))
    click.echo(f"go on with: {printable(command('npgpt', *words))}")
