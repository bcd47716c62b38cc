"""What of a text its tokenizer does not know, and what is said of a prompt with such parts."""

import warnings
from collections.abc import Iterable, Sequence

import numpy as np

from npgpt_core.errors import NpgptWarning
from npgpt_core.protocols import Tokenizer
from npgpt_core.types import Ids

NAMED = 3  # unknown parts of a prompt


def unknown_share(tokenizer: Tokenizer, ids: Ids) -> float:
    """The share of ids (n,) that are ``<unk>``."""
    return float(np.mean(ids == tokenizer.unk_id))


def unknown_parts(tokenizer: Tokenizer, text: str, ids: Ids) -> list[str] | None:
    """What of the text became ``<unk>``, perhaps in lower case; None if that cannot be told."""
    known = known_parts(tokenizer, ids)
    if len(known) == 1:
        return []
    spelled = align(text, known)
    return align(text.lower(), known) if spelled is None else spelled


def known_parts(tokenizer: Tokenizer, ids: Ids) -> list[str]:
    """What ids (n,) tell of their text: before, between and after the unknown tokens."""
    unknown = tokenizer.unk_id
    parts = np.split(ids, np.flatnonzero(ids == unknown))
    return [tokenizer.decode(part[part != unknown]) for part in parts]


def align(text: str, known: Sequence[str]) -> list[str] | None:
    """What stands between known pieces of a text: the spelling of each unknown token.

    ``known`` are the texts before, between and after the unknown ones, so one more than there are.
    Each unknown one spells at least a character, and as few as fit; several in a row are spelled
    together. None if the pieces do not make up the text.
    """
    if not text.startswith(known[0]):
        return None
    position, spelled = len(known[0]), []
    for i, piece in enumerate(known[1:], start=1):
        last = i == len(known) - 1
        if not piece and not last:
            continue  # the next one is unknown too
        if last:
            start = len(text) - len(piece)
            found = start if text.endswith(piece) and start > position else -1
        else:
            found = text.find(piece, position + 1)
        if found < 0:
            return None
        spelled.append(text[position:found])
        position = found + len(piece)
    return spelled if position == len(text) else None


def warn_if_unknown(tokenizer: Tokenizer, prompt: str, ids: Ids) -> None:
    """Warn of a prompt with parts that its ids (n,) do not tell the model, and name a few."""
    unknown = int(np.sum(ids == tokenizer.unk_id))
    if unknown:
        parts = unknown_parts(tokenizer, prompt, ids)
        warnings.warn(
            f"{unknown} of the {len(ids)} tokens of the prompt"
            f" {'is' if unknown == 1 else 'are'} unknown to the model, which reads <unk>"
            f" instead{_named(parts or ())}",
            NpgptWarning,
            stacklevel=2,
        )


def _named(parts: Iterable[str]) -> str:
    """A few of the distinct parts, and how many there are besides."""
    distinct = list(dict.fromkeys(parts))
    named = ", ".join(f"{part!r:.20}" for part in distinct[:NAMED])
    more = len(distinct) - NAMED
    return (f": {named}" if named else "") + (f" and {more} more" if more > 0 else "")
