"""How explanations look: tokens in colour, tables, numbers; and all of it as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from npgpt_cli.terminal import is_terminal
from npgpt_core.protocols import SPECIAL_TOKENS
from npgpt_train.explain.tokens import Token, visible

PAGE = 80  # columns of what is broken into lines where there is no terminal
COLOURS = ("#a5d8ff", "#b2f2bb", "#ffec99", "#fcc2d7", "#d0bfff")
SPECIAL = "bold white on #c92a2a"


def console() -> Console:
    """The terminal; a pipe gets plain lines of any length."""
    width = None if is_terminal() else 10_000
    return Console(highlight=False, markup=False, emoji=False, width=width)


def print_json(explanation: Any) -> None:
    """A dataclass as one line of JSON; a number that is not finite is null."""
    click.echo(json.dumps(_plain(asdict(explanation)), allow_nan=False))


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def number(value: float | None, decimals: int = 3) -> str:
    """A number with so many decimals where they say something; a dash for none."""
    if value is None:
        return "–"
    is_usual = value == 0 or 0.5 * 10**-decimals <= abs(value) < 1e4
    return f"{value:.{decimals}f}" if is_usual else f"{value:.1e}"


def percent(share: float) -> str:
    """A share in percent, without decimals where they would not be read."""
    return f"{share:.0%}" if share >= 0.0995 else f"{share:.1%}"


def table(columns: Mapping[str, str]) -> Table:
    """A table without lines: heading -> "left", "right" or "wrap" (left, broken into lines)."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name, kind in columns.items():
        justify: Any = "right" if kind == "right" else "left"
        made.add_column(Text(name), justify=justify, no_wrap=kind != "wrap")
    return made


def print_tokens(to: Console, tokens: Sequence[Token]) -> None:
    """The tokens side by side, each in a colour of its own, above their ids."""
    width = to.width if is_terminal() else PAGE
    above, below = Text(no_wrap=True), Text(no_wrap=True)
    for i, token in enumerate(tokens):
        text, id_ = visible(token.text), str(token.id)
        size = max(cell_len(text), len(id_))
        if above and above.cell_len + size > width:
            to.print(above, below, sep="\n")
            above, below = Text(no_wrap=True), Text(no_wrap=True)
        is_special = token.id < len(SPECIAL_TOKENS)
        style = SPECIAL if is_special else f"black on {COLOURS[i % len(COLOURS)]}"
        above.append(text, style).append(" " * (size - cell_len(text) + 1))
        below.append(id_.ljust(size + 1), "dim")
    to.print(above, below, sep="\n")


def print_left_out(to: Console, left_out: int) -> None:
    """Say that a text was longer than what the model sees, if so."""
    if left_out:
        to.print(f"{left_out} tokens before these are left out: the model sees no more at once.")
