"""The text of ids while they come, in pieces: no character is told before its last byte is there.

A token may end in the middle of a character. What is not a character yet decodes to U+FFFD, so text
that ends in it waits for the next token.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from npgpt_core.protocols import Tokenizer

NO_CHARACTER = "\ufffd"
UNFINISHED = 3  # of the four bytes that a character has at most may be there, each as a U+FFFD
KEPT = 32  # ids that are decoded again with the next one, at least; twice as many at most


def decode_stream(tokenizer: Tokenizer, ids: Iterable[int]) -> Iterator[str]:
    """Yield the text of ids piece by piece; joined, the pieces are ``tokenizer.decode(ids)``.

    Only the last ids are decoded with each new one, so the work grows with the text, not with its
    square.

    Args:
        tokenizer: any whose text of more ids begins with that of fewer, apart from a character at
            its end that is unfinished and decodes to U+FFFD.
        ids: taken one by one; a piece is given as soon as an id completes it.
    """
    tail: list[int] = []  # the last ids
    text = ""  # that they spell
    told = 0  # characters of it that were given
    for i in ids:
        tail.append(int(i))
        text = tokenizer.decode(tail)
        settled = max(len(text.rstrip(NO_CHARACTER)), len(text) - UNFINISHED)
        if settled > told:
            yield text[told:settled]
            told = settled
        if len(tail) >= 2 * KEPT:
            tail, text, told = _shortened(tokenizer, tail, text, told)
    if text[told:]:
        yield text[told:]


def _shortened(
    tokenizer: Tokenizer, tail: list[int], text: str, told: int
) -> tuple[list[int], str, int]:
    """Drop ids whose text was given, at a place where no character is cut.

    Four places are tried, because a character has at most four bytes; where none will do, there are
    others after the next id. Text that begins with a cut character does not end the whole text.
    What comes later changes nothing at the cut if the text after it is longer than an unfinished
    character, or if the whole text ends with a finished one.
    """
    for cut in range(len(tail) - KEPT, len(tail) - KEPT - 4, -1):
        rest = tokenizer.decode(tail[cut:])
        dropped = len(text) - len(rest)
        fixed = len(rest) > UNFINISHED or not text.endswith(NO_CHARACTER)
        if fixed and text.endswith(rest) and dropped <= told:
            return tail[cut:], rest, told - dropped
    return tail, text, told
