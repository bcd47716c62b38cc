"""The words of an exercise, read from its ``statement.md``.

It begins with ``# Title``. The last two headings are ``## Hints``, with three numbered items (the
place, the rule, the formula), and ``## Learned``, a sentence for whoever passed.
"""

import re
from dataclasses import dataclass

from npgpt_core.errors import NpgptError

N_HINTS = 3


@dataclass(frozen=True)
class Statement:
    """What an exercise says.

    Attributes:
        title: its name for people.
        text: what to do, and why; Markdown that reads well as it is.
        hints: three, each telling more than the one before.
        learned: what is said to whoever passed.
    """

    title: str
    text: str
    hints: tuple[str, ...]
    learned: str

    @classmethod
    def parse(cls, markdown: str) -> "Statement":
        """Read a ``statement.md``.

        Raises:
            NpgptError: a part is missing.
        """
        whole = re.fullmatch(
            r"# (?P<title>.+)\n(?P<text>[\s\S]+?)\n## Hints\n(?P<hints>[\s\S]+?)"
            r"\n## Learned\n(?P<learned>[\s\S]+)",
            markdown,
        )
        if whole is None or '"""' in markdown:
            raise NpgptError(
                "statement.md is to be '# Title', text, '## Hints', three numbered hints,"
                ' \'## Learned\' and a sentence, without """ anywhere'
            )
        hints = re.split(r"(?m)^\d\. +", whole["hints"])[1:]
        if len(hints) != N_HINTS:
            raise NpgptError(f"statement.md has {len(hints)} hints, expected {N_HINTS}")
        return cls(
            whole["title"].strip(),
            whole["text"].strip(),
            tuple(_unindented(hint) for hint in hints),
            whole["learned"].strip(),
        )


def _unindented(item: str) -> str:
    """The text of a list's item, without the spaces that its further lines begin with."""
    return re.sub(r"(?m)^ {3}", "", item).strip()
