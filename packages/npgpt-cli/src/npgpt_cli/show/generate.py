"""What ``npgpt generate`` prints: a text while it is written, or an object of JSON after it."""

import time
from collections.abc import Iterable, Iterator

import click

from npgpt_cli.show.as_json import print_json
from npgpt_core.decoding import decode_stream
from npgpt_core.escaping import printable
from npgpt_core.protocols import Tokenizer


def print_text(tokenizer: Tokenizer, prompt: str, new: Iterable[int], raw: bool) -> None:
    """Show a prompt, and what follows it piece by piece."""

    def show(text: str) -> None:
        click.echo(text.encode("utf-8", "replace") if raw else printable(text), nl=False)

    show(prompt)
    for piece in decode_stream(tokenizer, new):
        show(piece)
    click.echo()


def print_object(
    tokenizer: Tokenizer, prompt: str, new: Iterator[int], seed: int, stop_token: int | None
) -> None:
    """Print one object when the text has ended, be it by Ctrl-C."""
    begun = time.perf_counter()
    ids: list[int] = []
    try:
        ids.extend(new)  # keeps what came before an interruption
        stop_reason = "eos" if ids and ids[-1] == stop_token else "length"
    except KeyboardInterrupt:
        stop_reason = "interrupted"
    print_json(
        {
            "prompt": prompt,
            "text": tokenizer.decode(ids),
            "ids": ids,
            "seed": seed,
            "tokens": len(ids),
            "seconds": time.perf_counter() - begun,
            "stop_reason": stop_reason,
        }
    )
    if stop_reason == "interrupted":
        raise KeyboardInterrupt
