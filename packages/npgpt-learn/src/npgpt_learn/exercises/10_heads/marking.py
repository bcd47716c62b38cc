"""Both directions, and their gradients."""

from npgpt_learn import Layer


def n_head(sizes, small, rng):
    """H."""
    return sizes["H"]


def sizes(letters):
    """C of the heads."""
    return {"H": 3, "C": 6} if letters["T"] == 2 else {"H": 2, "C": 8}


MARKING = [
    Layer("split", x="T C", n_head=n_head, sizes=sizes),
    Layer("merge", z="H T D", n_head=n_head),
]
