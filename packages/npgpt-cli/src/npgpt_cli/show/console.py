"""Where explanations and lists go, and what they share: tables, and the tokens of a text."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from npgpt_cli.terminal import is_terminal
from npgpt_train.explain.tokens import Token, visible

PAGE = 80  # columns of what is broken into lines where there is no terminal
COLOURS = ("#a5d8ff", "#b2f2bb", "#ffec99", "#fcc2d7", "#d0bfff")
SPECIAL = "bold white on #c92a2a"


def open_console() -> Console:
    """The terminal; a pipe gets plain lines of any length."""
    width = None if is_terminal() else 10_000
    return Console(highlight=False, markup=False, emoji=False, width=width)


def table(columns: Mapping[str, str]) -> Table:
    """A table without lines: heading -> "left", "right" or "wrap" (left, broken into lines)."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name, kind in columns.items():
        justify: Any = "right" if kind == "right" else "left"
        made.add_column(Text(name), justify=justify, no_wrap=kind != "wrap")
    return made


def print_tokens(console: Console, tokens: Sequence[Token]) -> None:
    """The tokens side by side, each in a colour of its own, above their ids."""
    width = console.width if is_terminal() else PAGE
    above, below = Text(no_wrap=True), Text(no_wrap=True)
    for i, token in enumerate(tokens):
        text, id_ = visible(token.text), str(token.id)
        size = max(cell_len(text), len(id_))
        if above and above.cell_len + size > width:
            console.print(above, below, sep="\n")
            above, below = Text(no_wrap=True), Text(no_wrap=True)
        style = SPECIAL if token.special else f"black on {COLOURS[i % len(COLOURS)]}"
        above.append(text, style).append(" " * (size - cell_len(text) + 1))
        below.append(id_.ljust(size + 1), "dim")
    console.print(above, below, sep="\n")


def print_left_out(console: Console, left_out: int) -> None:
    """Say that a text was longer than what the model sees, if so."""
    if left_out:
        console.print(
            f"{left_out} tokens before these are left out: the model sees no more at once."
        )
