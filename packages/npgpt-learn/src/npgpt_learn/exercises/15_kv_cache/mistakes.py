"""What goes wrong with a cache: the first call is right, the next is not."""

from npgpt_learn import Mistake

POSITIONS = "positions = np.arange(start, end)"
K, V = 'cache["k"][start:end] = k', 'cache["v"][start:end] = v'
LENGTH = 'cache["length"] = end'
KEYS, VALUES = 'keys = cache["k"][:end]', 'values = cache["v"][:end]'
LATER = "later = np.arange(end) > positions[:, None]"

MISTAKES = [
    Mistake(
        f"{POSITIONS}\n",
        "positions = np.arange(len(x))\n",
        "The positions begin with 0 in every call. Tokens that follow others stand behind them:"
        " count from the length of the cache.",
    ),
    Mistake(
        LATER,
        "later = np.triu(np.ones(scores.shape, dtype=bool), k=1)",
        "The mask counts its queries from 0 in every call, so that later tokens see the first keys"
        " only. Query n stands at position start + n: hidden is key s > start + n.",
    ),
    Mistake(
        LATER,
        "later = np.zeros(scores.shape, dtype=bool)",
        "There is no mask. One new token may see all, but of several new ones the first must not"
        " see those behind it.",
    ),
    Mistake(
        LATER,
        "later = np.arange(end) >= positions[:, None]",
        "The mask hides the token itself: a query sees the keys up to its own, so > and not >=.",
    ),
    Mistake(
        LATER,
        "later = np.arange(end) < positions[:, None]",
        "The mask is the wrong way round: it hides what came before. A key is later if its position"
        " is larger than that of the query.",
    ),
    Mistake(
        f"{K}\n    {V}",
        'cache["k"][: len(x)] = k\n    cache["v"][: len(x)] = v',
        "The new keys and values are written over the first ones. Their place is behind those that"
        " are there: from start to end.",
    ),
    Mistake(
        LENGTH,
        'cache["length"] = len(x)',
        "length is the number of new tokens, and should be that of all in the cache: end.",
    ),
    Mistake(
        LENGTH,
        "pass",
        "length stays 0, so the next call writes over what this one kept: set it to end.",
    ),
    Mistake(
        f"{KEYS}\n    {VALUES}",
        "keys = k\n    values = v\n    end = len(x)\n    positions = np.arange(end)",
        "Only the new tokens are looked at: the old keys and values are in the cache, and count as"
        " much. Take all of them, up to end.",
    ),
    Mistake(
        VALUES,
        'values = cache["k"][:end]',
        'values are the keys: they are kept in another array, cache["v"].',
    ),
    Mistake(
        f"{K}\n",
        'cache["k"][start:end] = q\n',
        "The queries are kept in the place of the keys. A query is asked once, by its own token;"
        " keys and values are what later tokens look at.",
    ),
    Mistake(
        f"{KEYS}\n    {VALUES}",
        "keys = k\n    values = v",
        "keys and values are those of the new tokens only. The old ones are in the cache, and count"
        " as much: take all rows up to end.",
    ),
    Mistake(
        f"{KEYS}\n    {VALUES}",
        'keys = cache["k"]\n    values = cache["v"]',
        "keys and values are all rows of the cache, also those that are not in use yet: take the"
        " rows up to end.",
    ),
]
