"""``npgpt explain tokenize``."""

from __future__ import annotations

import click

from npgpt_cli.options import given, json_option


@click.command()
@click.argument("source", metavar="RUN|NAME")
@click.argument("text")
@click.option(
    "--data",
    multiple=True,
    metavar="NAME|PATH",
    help="What the tokenizer NAME is trained on.  [default: TEXT itself]",
)
@click.option(
    "--vocab-size",
    type=int,
    metavar="N",
    help="Ids of the tokenizer NAME, if it takes a number.",
)
@json_option
def tokenize(
    source: str, text: str, data: tuple[str, ...], vocab_size: int | None, as_json: bool
) -> None:
    """Show how TEXT becomes tokens, merge by merge.

    The tokenizer is that of a RUN, or an installed one (bpe, char, ...) that is trained on the
    spot: on TEXT itself, or on --data. The ids are shown too, and what became unknown.
    """
    from npgpt_cli.show.as_json import print_json
    from npgpt_cli.show.explain_tokenize import print_tokenization
    from npgpt_train.explain.tokenization import explain_tokenization, find_tokenizer

    tokenizer, origin = find_tokenizer(source, text, data, **given(vocab_size=vocab_size))
    explanation = explain_tokenization(tokenizer, text)
    if as_json:
        print_json(explanation)
    else:
        print_tokenization(explanation, origin)
