"""A text that comes in parts, against the same text all at once."""

import numpy as np

from npgpt_learn import Marking

PARTS = (0, 2, 3, 4, 7)
"""Where parts begin and end: some tokens, one, one more, and some again."""


def projected(x, P, W):
    """Queries, keys and values of all tokens."""
    return np.split((x + P[: len(x)]) @ W, 3, axis=-1)


def reference(x, P, W):
    """Every row of y by itself: a query, and the keys up to it."""
    q, k, v = projected(x, P, W)
    rows = []
    for t in range(len(x)):
        e = np.exp(k[: t + 1] @ q[t] / x.shape[1] ** 0.5)
        rows.append(e @ v[: t + 1] / e.sum())
    parts = np.split(np.stack(rows), PARTS[1:-1])
    return {
        "y of the first tokens": parts[0],
        "y of one token more": parts[1],
        "y of the next": parts[2],
        "y of several more": parts[3],
        "keys in the cache": k,
        "values in the cache": v,
        "length of the cache": len(x),
    }


def measure(code, x, P, W):
    """One part after the other, with one cache."""
    cache = code.new_cache(len(P), x.shape[1])
    parts = [code.extend(part, P, W, cache) for part in np.split(x, PARTS[1:-1])]
    return {
        "y of the first tokens": parts[0],
        "y of one token more": parts[1],
        "y of the next": parts[2],
        "y of several more": parts[3],
        "keys in the cache": cache["k"][: len(x)].copy(),
        "values in the cache": cache["v"][: len(x)].copy(),
        "length of the cache": cache["length"],
    }


MARKING = Marking(
    measure,
    reference=reference,
    sizes=lambda sizes: {"T": PARTS[-1], "C": 4, "S": 9, "E": 12},
    x="T C",
    P="S C",
    W="C E",
)
