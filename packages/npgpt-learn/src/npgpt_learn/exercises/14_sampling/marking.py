"""Every step by itself, for numbers of which no two are equal."""

import numpy as np

from npgpt_learn import Marking


def logits(sizes, small, rng):
    """Of about 1, each another."""
    size = 4 if small else 9
    return rng.permutation(np.arange(size)) / 2 - 1 + rng.uniform(0, 0.3, size)


def p(sizes, small, rng):
    """Probabilities, each another; the likeliest has less than half."""
    return rng.permutation([0.1, 0.2, 0.3, 0.4] if small else np.arange(1, 10) / 45)


def u(sizes, small, rng):
    """Places of the unit interval."""
    return rng.uniform(size=5 if small else 40)


def measure(code, logits, p, u):
    """Hot and cold, a few tokens and one, and a draw for every u."""
    return {
        "p": code.probabilities(logits, 0.7),
        "p of large logits": code.probabilities(1000 * logits, 0.7),
        "p after top_k": code.top_k(p, 3),
        "p after top_p": code.top_p(p, 0.61),
        "p after top_p, if one token has enough": code.top_p(p, 0.05),
        "tokens": [code.draw(p, place) for place in u.tolist()],
    }


MARKING = Marking(measure, logits=logits, p=p, u=u)
