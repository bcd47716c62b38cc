"""What ``npgpt explain tokenize`` prints: tokens in colour, and every merge."""

from rich.console import Console
from rich.text import Text

from npgpt_cli.show.console import open_console, print_tokens, table
from npgpt_core.escaping import printable
from npgpt_train.explain.tokenization import Tokenization, Word
from npgpt_train.explain.tokens import visible


def print_tokenization(explanation: Tokenization, origin: str) -> None:
    """The tokens, what is lost, and the merges of each word, if the tokenizer merges."""
    console = open_console()
    console.print(printable(f"{origin}: {explanation.vocab_size:,} ids"))
    console.print(
        f"{len(explanation.text):,} characters become {len(explanation.tokens):,} tokens\n"
    )
    print_tokens(console, explanation.tokens)
    console.print(_losses(explanation))
    if explanation.words is None:
        console.print("\nThis tokenizer does not merge: it looks every token up.")
    else:
        _print_merges(console, explanation.words)


def _losses(explanation: Tokenization) -> str:
    """What of the text is unknown, and what comes back."""
    if explanation.unknown is None:
        unknown = "Something is unknown."
    elif explanation.unknown:
        unknown = f"Unknown: {'  '.join(map(visible, explanation.unknown))}"
    else:
        unknown = "Nothing is unknown."
    if explanation.decoded == explanation.text:
        return f"\n{unknown}\nThe ids spell the text exactly."
    return f"\n{unknown}\nThe ids spell: {visible(explanation.decoded)}"


def _print_merges(console: Console, words: list[Word]) -> None:
    """A row a merge: the new id, what was merged, and the word after it."""
    console.print(
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
    console.print(rows)
