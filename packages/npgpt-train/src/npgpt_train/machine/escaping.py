"""Text that a model or a stranger's file wrote, as a line of Markdown that stands for itself."""

import re

from npgpt_core.escaping import printable

_MARKDOWN = re.compile(r"[<>&|\\`*\[\]#~$]|(?<![^\W_])_|_(?![^\W_])")  # "_" in a word is itself


def markdown(text: str) -> str:
    """Text that stands for itself in a line, a heading or a table's cell of Markdown."""
    line = printable(text).replace("\n", r"\n").replace("\t", r"\t")
    return _MARKDOWN.sub(lambda match: _escaped(match[0]), line)


def _escaped(mark: str) -> str:
    return f"&#{ord(mark)};" if mark in "<>&|" else f"\\{mark}"
