"""The text of ids while they come, in pieces: no character is sent before its last byte is there.

A token may end in the middle of a character. What is not a character yet decodes to U+FFFD, so text
that ends in it waits for the next token.
"""

from collections.abc import Iterable, Iterator

from npgpt_core.protocols import Tokenizer

REPLACEMENT_CHARACTER = "\ufffd"
UNFINISHED = 3  # of the four bytes that a character has at most may be there, each as a U+FFFD
KEPT = 32  # ids that are decoded again with the next one, at least; twice as many at most


def decode_stream(tokenizer: Tokenizer, ids: Iterable[int]) -> Iterator[str]:
    """Yield the text of ids piece by piece; joined, the pieces are ``tokenizer.decode(ids)``.

    Only the last ids are decoded with each new one, so the work grows with the text, not with its
    square; but ids that spell nothing are kept until some do.

    Args:
        tokenizer: any whose text of more ids begins with that of fewer, apart from a character at
            its end that is unfinished and decodes to U+FFFD.
        ids: taken one by one; a piece is given as soon as an id completes it.
    """
    tail: list[int] = []  # the last ids
    texts: list[str] = []  # that the first of them spell, the first two, ...
    sent = 0  # characters of the last text that were given
    for i in ids:
        tail.append(int(i))
        text = tokenizer.decode(tail)
        texts.append(text)
        settled = max(len(text.rstrip(REPLACEMENT_CHARACTER)), len(text) - UNFINISHED)
        if settled > sent:
            yield text[sent:settled]
            sent = settled
        if len(tail) >= 2 * KEPT:
            tail, texts, sent = _shortened(tokenizer, tail, texts, sent)
    if texts and texts[-1][sent:]:
        yield texts[-1][sent:]


def _shortened(
    tokenizer: Tokenizer, tail: list[int], texts: list[str], sent: int
) -> tuple[list[int], list[str], int]:
    """Drop ids whose text was given, at a place where no character is cut.

    Four places are tried, because a character has at most four bytes; where none will do, there are
    others after the next id. What comes later changes nothing at the cut if the text after it is
    longer than an unfinished character, or if the whole text ends with a finished one.
    """
    for cut in range(len(tail) - KEPT, len(tail) - KEPT - 4, -1):
        rests = [tokenizer.decode(tail[cut:end]) for end in range(cut + 1, len(tail) + 1)]
        fixed = len(rests[-1]) > UNFINISHED or not texts[-1].endswith(REPLACEMENT_CHARACTER)
        dropped = len(texts[-1]) - len(rests[-1])
        if fixed and dropped <= sent and _grow_by_the_same_text(texts[cut - 1 :], ["", *rests]):
            return tail[cut:], rests, sent - dropped
    return tail, texts, sent


def _grow_by_the_same_text(texts: list[str], rests: list[str]) -> bool:
    """Whether texts with and without their beginning get the same text from the same ids.

    They do not if a character was cut whose first ids spell nothing yet; to see it, there must be
    some text.
    """
    pairs = list(zip(texts, rests, strict=True))
    lacking = {len(text) - len(rest) for text, rest in pairs if rest}
    return (
        len(lacking) == 1
        and all(text.endswith(rest) for text, rest in pairs)
        and all(text == texts[0] for text, rest in pairs if not rest)
    )
