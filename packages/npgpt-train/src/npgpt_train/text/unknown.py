"""What a tokenizer does not know of a text, and the warning about such a prompt."""

from collections.abc import Iterable, Sequence

import numpy as np

from npgpt_core.errors import warn
from npgpt_core.protocols import Tokenizer
from npgpt_core.types import Ids

MAX_NAMED = 3  # unknown spans of a prompt


def unknown_share(tokenizer: Tokenizer, ids: Ids) -> float:
    """The share of ids (n,) that are ``<unk>``."""
    return float(np.mean(ids == tokenizer.unk_id))


def unknown_spans(tokenizer: Tokenizer, text: str, ids: Ids) -> list[str] | None:
    """What of the text became ``<unk>``, perhaps in lower case; None if that cannot be told."""
    known = known_spans(tokenizer, ids)
    if len(known) == 1:
        return []
    spelled = align(text, known)
    return align(text.lower(), known) if spelled is None else spelled


def known_spans(tokenizer: Tokenizer, ids: Ids) -> list[str]:
    """What ids (n,) tell of their text: before, between and after the unknown tokens."""
    unknown = tokenizer.unk_id
    spans = np.split(ids, np.flatnonzero(ids == unknown))
    return [tokenizer.decode(span[span != unknown]) for span in spans]


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


def warn_of_unknown_prompt(tokenizer: Tokenizer, prompt: str, ids: Ids) -> None:
    """Warn of a prompt with spans that become ``<unk>`` in its ids (n,), and name a few."""
    unknown = int(np.sum(ids == tokenizer.unk_id))
    if unknown:
        spans = unknown_spans(tokenizer, prompt, ids)
        warn(
            f"{unknown} of the {len(ids)} tokens of the prompt"
            f" {'is' if unknown == 1 else 'are'} unknown to the model, which reads <unk>"
            f" instead{_named(spans or ())}"
        )


def _named(spans: Iterable[str]) -> str:
    """A few of the distinct spans, and how many more there are."""
    distinct = list(dict.fromkeys(spans))
    named = ", ".join(f"{span!r:.20}" for span in distinct[:MAX_NAMED])
    more = len(distinct) - MAX_NAMED
    return (f": {named}" if named else "") + (f" and {more} more" if more > 0 else "")
