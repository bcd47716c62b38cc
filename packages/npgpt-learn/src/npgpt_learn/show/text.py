"""Words on a screen of 80 columns."""

import textwrap
from pathlib import Path

import click

from npgpt_core.escaping import printable

COLUMNS = 80


def paragraph(text: str, indent: str = "", start: str = "") -> None:
    """Print a text with lines that fit; what is indented stays as it is.

    Args:
        text: paragraphs, with an empty line between them.
        indent: of every line.
        start: what stands in the place of the first indent.
    """
    for block in text.split("\n\n"):
        if any(line.startswith("  ") for line in block.splitlines()):
            say(textwrap.indent(block, indent))
            continue
        say(
            textwrap.fill(
                " ".join(block.split()),
                COLUMNS,
                initial_indent=start or indent,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
        start = ""


def say(text: str = "") -> None:
    """Print text in which nothing moves the cursor."""
    click.echo(printable(text))


def from_here(path: Path) -> Path:
    """A path as it is typed in the current folder, if that is above it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
