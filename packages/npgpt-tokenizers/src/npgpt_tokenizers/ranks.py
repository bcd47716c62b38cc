"""From ranks to merges: tiktoken keeps no merges, because the order of the tokens tells them.

tiktoken joins the two neighbours whose bytes together are the token of the lowest id, the leftmost
of equals, until no two neighbours are a token. Within the bytes of a token it takes the same steps
wherever they stand, as long as nothing joins them to what is beside them. So the last two parts of
a token are always the same two, and they are its merge.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from npgpt_core.errors import NpgptError

MAX_TOKEN_SIZE = 256  # bytes, twice the longest in use: the time grows with the square


def merges_of_ranks(tokens: Sequence[bytes | None]) -> list[tuple[int, int]]:
    """The pairs of ids that become tokens, in the order of the tokens.

    A token that joining never makes has no pair: only a word that is this token can become it.

    Args:
        tokens: the bytes of each id; None where it has none.

    Raises:
        NpgptError: a token of more than 256 bytes.
    """
    ids = {token: i for i, token in enumerate(tokens) if token is not None}
    merges = []
    for i, token in enumerate(tokens):
        if token is None or len(token) < 2:
            continue
        if len(token) > MAX_TOKEN_SIZE:
            raise NpgptError(
                f"the token {i} has {len(token):,} bytes, and merges are recovered of tokens of up"
                f" to {MAX_TOKEN_SIZE}: give the merges"
            )
        parts = _last_parts(token, ids, none=len(tokens))
        if len(parts) == 2 and all(part in ids for part in parts):
            merges.append((ids[parts[0]], ids[parts[1]]))
    return merges


def _last_parts(token: bytes, ids: Mapping[bytes, int], none: int) -> list[bytes]:
    """What the bytes of a token are just before they are the token: two parts, or more."""
    rank_of = ids.get
    parts = [token[i : i + 1] for i in range(len(token))]
    ranks = [rank_of(left + right, none) for left, right in pairwise(parts)]
    while len(parts) > 2 and (rank := min(ranks)) != none:
        place = ranks.index(rank)
        parts[place : place + 2] = [part := parts[place] + parts[place + 1]]
        del ranks[place]
        if place > 0:
            ranks[place - 1] = rank_of(parts[place - 1] + part, none)
        if place < len(ranks):
            ranks[place] = rank_of(part + parts[place + 1], none)
    return parts
