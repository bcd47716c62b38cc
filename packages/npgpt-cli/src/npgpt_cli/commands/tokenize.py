"""``npgpt tokenize``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from npgpt_core.protocols import Tokenizer


@click.command()
@click.argument("source", type=click.Path(path_type=Path), metavar="RUN|FILE.json")
@click.argument("text", default="-", metavar="[TEXT|-]")
@click.option("--decode", is_flag=True, help="TEXT is ids; print the text they spell.")
@click.option("--raw", is_flag=True, help="Do not escape control characters.")
def tokenize(source: Path, text: str, decode: bool, raw: bool) -> None:
    """Turn text into the ids of a run's tokenizer, or with --decode ids into text.

    Without TEXT, or with -, reads standard input.
    """
    from npgpt_core.errors import NpgptError
    from npgpt_train.escaping import printable

    tokenizer = _open_tokenizer(source)
    if text == "-":
        try:
            text = sys.stdin.buffer.read().decode("utf-8")
        except UnicodeDecodeError as error:
            raise NpgptError(f"standard input is not UTF-8 text: {error}") from error
    if not decode:
        click.echo(" ".join(str(i) for i in tokenizer.encode(text)))
        return
    try:
        ids = [int(word) for word in text.replace(",", " ").split()]
    except ValueError as error:
        raise NpgptError(f"--decode expects whole numbers: {error}") from error
    decoded = tokenizer.decode(ids)
    click.echo(decoded.encode("utf-8", "replace") if raw else printable(decoded))


def _open_tokenizer(source: Path) -> Tokenizer:
    """Open the tokenizer of a run or a file, by the run beside it or whichever class fits."""
    from npgpt_core import registry
    from npgpt_core.errors import NpgptError
    from npgpt_train.disk import Folder
    from npgpt_train.run import Run

    if source.is_dir():
        return Run.open(source).tokenizer()
    if not source.is_file():
        raise NpgptError(f"there is no run and no file {source}")
    folder, name = Folder.around(source)
    folder.real(name)
    names = registry.names("tokenizer")
    if (source.parent / "run.json").is_file():
        names = [Run.open(source.parent).settings.tokenizer.name]
    refusals = []
    for name in names:
        try:
            tokenizer: Tokenizer = registry.load("tokenizer", name).load(source)
            return tokenizer
        except Exception as error:  # a broken plugin must not keep the others from trying
            refusals.append(f"{name}: {error}")
    raise NpgptError(f"no installed tokenizer reads {source}: " + "; ".join(refusals))
