"""What goes wrong with byte-pair encoding."""

from npgpt_learn import Mistake

COUNT = "counts[pair] = counts.get(pair, 0) + 1"
BEST = "pair = min(counts, key=lambda pair: (-counts[pair], pair))"
LEARN = "        ids = merge(ids, pair, new)\n        merges[pair] = new"
ENCODE = "    for pair, new in merges.items():\n        ids = merge(ids, pair, new)"
TEXT = 'text = b"".join(spelling[i] for i in ids).decode("utf-8", errors="replace")'

MISTAKES = [
    Mistake(
        LEARN,
        "        ids = merge(ids, pair, new)",
        "merges stays empty: keep what is learned, merges[pair] = new.",
    ),
    Mistake(
        "if tuple(ids[i : i + 2]) == pair:",
        "if (ids[i], ids[i + 1]) == pair:",
        "The last id has no neighbour: there is no ids[i + 1]. A slice stops at the end by itself,"
        " tuple(ids[i : i + 2]).",
    ),
    Mistake(
        COUNT,
        "counts[pair] = 1",
        "Every pair is counted once. Add 1 to what is there already: counts.get(pair, 0) + 1.",
    ),
    Mistake(
        COUNT,
        "counts[pair] += 1",
        "A pair that comes for the first time is not in counts yet, so there is nothing to add to:"
        " counts.get(pair, 0) + 1.",
    ),
    Mistake(
        "zip(ids, ids[1:])",
        "zip(ids[::2], ids[1::2])",
        "Only every other pair is counted. A token is a neighbour on both sides: (0, 1), (1, 2),"
        " (2, 3), ... are pairs, zip(ids, ids[1:]).",
    ),
    Mistake(
        "            i += 2\n",
        "            i += 1\n",
        "After a pair was merged, its right half is looked at again: go on behind the pair, i += 2."
        " A token belongs to one pair only.",
    ),
    Mistake(
        "while i < len(ids):",
        "while i < len(ids) - 1:",
        "The last id gets lost when it is in no pair: go on until i is len(ids).",
    ),
    Mistake(
        BEST,
        "pair = max(counts, key=counts.get)",
        "Of several pairs that are equally frequent this takes the one that comes first in the"
        " text. Take the one with the smallest ids, so that merges do not depend on the order of"
        " texts: the smallest of (-count, pair).",
    ),
    Mistake(
        BEST,
        "pair = max(counts, key=lambda pair: (counts[pair], pair))",
        "Of several pairs that are equally frequent this takes the one with the largest ids. Take"
        " the smallest: the smallest of (-count, pair).",
    ),
    Mistake(
        BEST,
        "pair = min(counts, key=lambda pair: (counts[pair], pair))",
        "This takes the rarest pair: the most frequent one has the smallest of -count.",
    ),
    Mistake(
        LEARN,
        "        merges[pair] = new\n        counts[pair] = 0",
        "The ids stay as they were, so the same pair is the most frequent one again and again."
        " Merge it in ids before you count the next time.",
    ),
    Mistake(
        "if tuple(ids[i : i + 2]) == pair:",
        "if ids[i : i + 2] == pair:",
        "Nothing is merged. A list never equals a tuple: ids[i : i + 2] is a list, and pair is a"
        " tuple. Compare tuple(ids[i : i + 2]) with it.",
    ),
    Mistake(
        LEARN,
        "        ids = merge(ids, pair, new)\n        merges[new] = pair",
        "The dict is the wrong way round: merges maps the pair to its new id, merges[pair] = new.",
    ),
    Mistake(
        ENCODE,
        "    for pair, new in reversed(merges.items()):\n        ids = merge(ids, pair, new)",
        "The merges are made in the opposite order. Late pairs are made of early ones: make the"
        " merges in the order in which they were learned.",
    ),
    Mistake(
        ENCODE,
        "    for pair, new in merges.items():\n        if count(ids).get(pair, 0) > 1:\n"
        "            ids = merge(ids, pair, new)",
        "A pair that is in the text once only is not merged. Twice was asked for in learning;"
        " encoding makes every merge it can.",
    ),
    Mistake(
        ENCODE,
        "    while best := [pair for pair in count(ids) if pair in merges]:\n"
        "        pair = max(best, key=count(ids).get)\n"
        "        ids = merge(ids, pair, merges[pair])",
        "This merges what is most frequent in this text. The text that is encoded has no say: make"
        " the merges in the order in which they were learned.",
    ),
    Mistake(
        TEXT,
        'text = "".join(spelling[i].decode("utf-8", errors="replace") for i in ids)',
        "Every token is decoded by itself. The bytes of one character may lie in two tokens: join"
        " all bytes first, then decode them.",
    ),
    Mistake(
        TEXT,
        'text = b"".join(spelling[i] for i in ids).decode("utf-8")',
        "Ids may end in the middle of a character, as a model's do. Decoding must not fail then:"
        ' errors="replace".',
    ),
    Mistake(
        TEXT,
        'text = b"".join(spelling[i] for i in ids).decode("utf-8", errors="ignore")',
        "Bytes that are no UTF-8 disappear. Show that there is something wrong:"
        ' errors="replace" gives the character U+FFFD.',
    ),
    Mistake(
        "spelling[new] = spelling[left] + spelling[right]",
        "spelling[new] = spelling[right] + spelling[left]",
        "The halves have changed places: left comes first.",
    ),
]
