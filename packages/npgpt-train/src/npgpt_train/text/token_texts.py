"""Which part of a text each token stands for, for any tokenizer."""

from collections.abc import Iterable
from itertools import accumulate, pairwise

from npgpt_core.protocols import Tokenizer


def token_texts(tokenizer: Tokenizer, ids: Iterable[int]) -> list[str]:
    """The text that each token completes; joined, they are the text of all.

    Bytes that are not a character yet give nothing: the token with the last of them gives it all.
    """
    known = [int(i) for i in ids]
    text = tokenizer.decode(known)
    settled = (_common(text, tokenizer.decode(known[:count])) for count in range(len(known)))
    ends = [*accumulate(settled, max), len(text)]
    return [text[start:end] for start, end in pairwise(ends)]


def _common(a: str, b: str) -> int:
    """The length of what both begin with."""
    return next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )
