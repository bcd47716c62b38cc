"""Text that a model or a stranger's file wrote, as a line of Markdown that stands for itself."""

import re

from npgpt_core.escaping import one_line

_MARKDOWN = re.compile(r"[<>&|\\`*\[\]#~$]|(?<![^\W_])_|_(?![^\W_])")  # "_" in a word is itself


def markdown(text: str) -> str:
    """Text that stands for itself in a line, a heading or a table's cell of Markdown."""
    return _MARKDOWN.sub(lambda match: _escaped(match[0]), one_line(text))


def _escaped(mark: str) -> str:
    return f"&#{ord(mark)};" if mark in "<>&|" else f"\\{mark}"
