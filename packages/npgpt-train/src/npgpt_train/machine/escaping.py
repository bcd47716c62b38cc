"""Text that a model or a stranger's file wrote, made harmless for whoever shows it."""

import re

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_MARKDOWN = re.compile(r"[<>&|\\`*\[\]#~$]|(?<![^\W_])_|_(?![^\W_])")  # "_" in a word is itself


def printable(text: str) -> str:
    """Text with control characters (line breaks and tabs apart) and lone surrogates escaped.

    A model or a file could otherwise move the cursor, recolour the screen or rename the window.
    """
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text)


def markdown(text: str) -> str:
    """Text that stands for itself in a line, a heading or a table's cell of Markdown."""
    line = printable(text).replace("\n", r"\n").replace("\t", r"\t")
    return _MARKDOWN.sub(lambda match: _escaped(match[0]), line)


def _escaped(mark: str) -> str:
    return f"&#{ord(mark)};" if mark in "<>&|" else f"\\{mark}"
