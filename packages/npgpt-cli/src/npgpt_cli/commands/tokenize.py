"""``npgpt tokenize``."""

from pathlib import Path

import click

from npgpt_cli.options import PATH, raw_option, special_tokens_option
from npgpt_cli.reading import read_input
from npgpt_core.errors import NpgptError


@click.command()
@click.argument("source", type=PATH, metavar="RUN|FILE.json")
@click.argument("text", default="-", metavar="[TEXT|-]")
@click.option("--decode", is_flag=True, help="TEXT is ids; print the text they spell.")
@special_tokens_option
@raw_option
def tokenize(source: Path, text: str, decode: bool, special_tokens: bool, raw: bool) -> None:
    """Turn text into ids, or ids into text.

    The tokenizer is that of a run or a file. With --decode, TEXT is ids. Without TEXT, or with -,
    reads standard input.
    """
    from npgpt_core.escaping import printable
    from npgpt_core.special_tokens import encode_text
    from npgpt_train.run.loading import load_tokenizer

    tokenizer = load_tokenizer(source)
    if text == "-":
        text = read_input()
    if not decode:
        ids = encode_text(tokenizer, text, special_tokens=special_tokens)
        click.echo(" ".join(map(str, ids)))
        return
    decoded = tokenizer.decode(_ids(text, tokenizer.vocab_size))
    click.echo(decoded.encode("utf-8", "replace") if raw else printable(decoded))


def _ids(text: str, vocab_size: int) -> list[int]:
    """The ids that a text spells."""
    words = text.replace(",", " ").split()
    for word in words:
        is_number = word.isascii() and word.isdigit() and len(word) < 20
        if not is_number or int(word) >= vocab_size:
            raise NpgptError(
                f"--decode expects ids from 0 to {vocab_size - 1}, with blanks or commas between"
                f" them: {word!r:.40} is none"
            )
    return [int(word) for word in words]
