"""Two layers, each against central differences."""

from npgpt_learn import Layer


def positions(sizes, small, rng):
    """Whole numbers, not those of the rows."""
    return rng.permutation(8)[: sizes["T"]] + 1


MARKING = [
    Layer("rmsnorm", x="N C", gamma="C"),
    Layer("rope", x="T D", positions=positions, sizes=lambda s: {"D": 4 if s["T"] == 2 else 6}),
]
