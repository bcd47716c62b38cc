"""Text that a stranger's code or file wrote, made harmless for a terminal."""

import re

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """Text with control characters (line breaks and tabs apart) and lone surrogates escaped.

    A model or a file could otherwise move the cursor, recolour the screen or rename the window.
    """
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text)


def one_line(text: str) -> str:
    """Printable text in which line breaks and tabs are escaped, too, as in the name of a file."""
    return printable(text).replace("\n", r"\n").replace("\t", r"\t")
