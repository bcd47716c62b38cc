"""Every function by itself, with texts of few letters, so that pairs are frequent."""

from npgpt_learn import Marking

LETTERS = "aab bé"
MERGES = {(97, 98): 256, (98, 97): 257, (97, 97): 258, (256, 257): 259, (195, 169): 260}
MERGES |= {(32, 98): 261, (256, 256): 262, (260, 261): 263}
HALF = 195  # the first byte of é


def text(sizes, small, rng):
    """A text that has every letter, and the same letter three times in a row."""
    return "".join(rng.choice(list(LETTERS), size=12 if small else 60)) + "bbb" + LETTERS


def ids(sizes, small, rng):
    """Ids of every kind, half a character, and one in two ids."""
    known = [97, 98, 32, HALF, *MERGES.values()]
    return [*(int(i) for i in rng.permutation(known)), HALF, 169]


def measure(code, text, ids):
    """What each function gives, independent of the others as far as may be."""
    encoded = list(text.encode("utf-8"))
    return {
        "counts": code.count(list(encoded)),
        "merged": code.merge(list(encoded), (98, 98), 300),
        "merges": code.learn(text, 6),
        "merges of a short text": code.learn("abab", 6),
        "encoded": code.encode(text, dict(MERGES)),
        "decoded": code.decode(list(ids), dict(MERGES)),
    }


MARKING = Marking(measure, text=text, ids=ids)
