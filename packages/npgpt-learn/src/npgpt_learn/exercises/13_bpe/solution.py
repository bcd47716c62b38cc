"""Byte-pair encoding: frequent neighbours become one token."""


def count(ids):
    """How often each pair of neighbours is there: {(left, right): how often}."""
    counts = {}
    # Yours: counts, to be filled
    for pair in zip(ids, ids[1:]):
        counts[pair] = counts.get(pair, 0) + 1
    return counts


def merge(ids, pair, new):
    """The ids, with the id new in the place of every pair, from left to right."""
    merged = []
    # Yours: merged, to be filled
    i = 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


def learn(text, n_merges):
    """{(left, right): new id}, in the order in which they are learned, at most n_merges."""
    ids = list(text.encode("utf-8"))
    merges = {}
    for new in range(256, 256 + n_merges):
        counts = count(ids)
        if max(counts.values(), default=0) < 2:
            break
        # Yours: pair, the most frequent; of several the one with the smallest ids
        pair = min(counts, key=lambda pair: (-counts[pair], pair))
        # Yours: ids, merges, for the next round
        ids = merge(ids, pair, new)
        merges[pair] = new
    return merges


def encode(text, merges):
    """The ids of a text."""
    ids = list(text.encode("utf-8"))
    # Yours: ids, with every merge made
    for pair, new in merges.items():
        ids = merge(ids, pair, new)
    return ids


def decode(ids, merges):
    """The text of ids; bytes that are no UTF-8 become the character U+FFFD."""
    spelling = {i: bytes([i]) for i in range(256)}
    # Yours: spelling, the bytes of every new id too
    for (left, right), new in merges.items():
        spelling[new] = spelling[left] + spelling[right]
    # Yours: text
    text = b"".join(spelling[i] for i in ids).decode("utf-8", errors="replace")
    return text
