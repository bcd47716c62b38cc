"""``npgpt tokenize``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from npgpt_cli.options import raw_option
from npgpt_cli.reading import read_standard_input

if TYPE_CHECKING:
    from npgpt_core.protocols import Tokenizer


@click.command()
@click.argument("source", type=click.Path(path_type=Path), metavar="RUN|FILE.json")
@click.argument("text", default="-", metavar="[TEXT|-]")
@click.option("--decode", is_flag=True, help="TEXT is ids; print the text they spell.")
@raw_option
def tokenize(source: Path, text: str, decode: bool, raw: bool) -> None:
    """Turn text into ids, or ids into text.

    The tokenizer is that of a run. With --decode, TEXT is ids. Without TEXT, or with -, reads
    standard input.
    """
    from npgpt_train.machine.escaping import printable

    tokenizer = _open_tokenizer(source)
    if text == "-":
        text = read_standard_input()
    if not decode:
        click.echo(" ".join(str(i) for i in tokenizer.encode(text)))
        return
    decoded = tokenizer.decode(_ids(text, tokenizer.vocab_size))
    click.echo(decoded.encode("utf-8", "replace") if raw else printable(decoded))


def _ids(text: str, vocab_size: int) -> list[int]:
    """The ids that a text spells."""
    from npgpt_core.errors import NpgptError

    words = text.replace(",", " ").split()
    for word in words:
        is_number = word.isascii() and word.isdigit() and len(word) < 20
        if not is_number or int(word) >= vocab_size:
            raise NpgptError(
                f"--decode expects ids from 0 to {vocab_size - 1}, with blanks or commas between"
                f" them: {word!r:.40} is none"
            )
    return [int(word) for word in words]


def _open_tokenizer(source: Path) -> Tokenizer:
    """Open the tokenizer of a run or a file, by the run beside it or whichever class fits."""
    from npgpt_core import registry
    from npgpt_core.errors import NpgptError
    from npgpt_train.run.folder import Run
    from npgpt_train.run.place import around, is_run
    from npgpt_train.text.tokenizer_file import MAX_SIZE

    if os.path.isdir(source):
        return Run.open(source).tokenizer()
    if not os.path.isfile(source):
        raise NpgptError(f"there is no run and no file {source}")
    folder, name = around(source)
    state = folder.read_json(name, MAX_SIZE)
    names = registry.names("tokenizer")
    if is_run(source.parent):
        names = [Run.open(source.parent).settings.tokenizer.name]
    refusals = []
    for name in names:
        try:
            return registry.load("tokenizer", name).from_state(state)
        except Exception as error:  # a broken plugin must not keep the others from trying
            refusals.append(f"{name}: {error}")
    raise NpgptError(f"no installed tokenizer reads {source}: " + "; ".join(refusals))
