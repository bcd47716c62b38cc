"""``npgpt explain tokenize``: the way from characters to ids, merge by merge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from npgpt_cli.options import given

if TYPE_CHECKING:
    from rich.console import Console

    from npgpt_train.explain.tokenization import Tokenization, Word


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
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def tokenize(
    source: str, text: str, data: tuple[str, ...], vocab_size: int | None, as_json: bool
) -> None:
    """Show how TEXT becomes tokens, merge by merge.

    The tokenizer is that of a RUN, or an installed one (bpe, char, ...) that is trained on the
    spot: on TEXT itself, or on --data. The ids are shown too, and what became unknown.
    """
    from npgpt_cli.show.console import print_json
    from npgpt_train.explain.tokenization import explain_tokenization, find_tokenizer

    tokenizer, origin = find_tokenizer(source, text, data, **given(vocab_size=vocab_size))
    explanation = explain_tokenization(tokenizer, text)
    if as_json:
        print_json(explanation)
    else:
        _print(explanation, origin)


def _print(explanation: Tokenization, origin: str) -> None:
    from npgpt_cli.show.console import console, print_tokens
    from npgpt_train.machine.escaping import printable

    to = console()
    to.print(printable(f"{origin}: {explanation.vocab_size:,} ids"))
    to.print(f"{len(explanation.text):,} characters become {len(explanation.tokens):,} tokens\n")
    print_tokens(to, explanation.tokens)
    to.print(_losses(explanation))
    if explanation.words is None:
        to.print("\nThis tokenizer does not merge: it looks every token up.")
    else:
        _print_merges(to, explanation.words)


def _losses(explanation: Tokenization) -> str:
    """What of the text is unknown, and what comes back."""
    from npgpt_train.explain.tokens import visible

    if explanation.unknown is None:
        unknown = "Something is unknown."
    elif explanation.unknown:
        unknown = f"Unknown: {'  '.join(map(visible, explanation.unknown))}"
    else:
        unknown = "Nothing is unknown."
    if explanation.decoded == explanation.text:
        return f"\n{unknown}\nThe ids spell the text exactly."
    return f"\n{unknown}\nThe ids spell: {visible(explanation.decoded)}"


def _print_merges(to: Console, words: list[Word]) -> None:
    """A row a merge: the new id, what was merged, and the word after it."""
    from rich.text import Text

    from npgpt_cli.show.console import table
    from npgpt_train.explain.tokens import visible

    to.print(
        "\nThe merges of each word, in order: of all neighbours that can merge, those do so that"
        " were learned first, and have the lowest new id.\n"
    )
    rows = table({"new id": "right", "merge": "left", "word": "wrap"})
    for word in words:
        if len(word.pieces) == 1:
            continue
        at_first = " ".join(visible(piece.text) for piece in word.pieces)
        rows.add_row("", Text("at first", "dim"), at_first)
        for merge in word.merges:
            pieces = Text()
            for piece in merge.pieces:
                style = "bold green" if piece == merge.merged else ""
                pieces.append(visible(piece.text), style).append(" ")
            pair = f"{visible(merge.left.text)} + {visible(merge.right.text)}"
            rows.add_row(str(merge.merged.id), Text(pair), pieces)
        rows.add_section()
    to.print(rows)
