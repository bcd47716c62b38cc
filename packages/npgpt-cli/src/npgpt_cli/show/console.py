"""Where explanations and lists go, and the table that they share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from npgpt_cli.terminal import is_terminal


def console() -> Console:
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
