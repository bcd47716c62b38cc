"""Every random draw of a run: a generator made from what it is for, with no stream to save."""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a generator is for; each purpose draws independently of the others."""

    WEIGHTS = 0
    BATCH = 1
    EVALUATION = 2
    DROPOUT = 3
    SAMPLE = 4


def generator(
    seed: int, purpose: Purpose, step: int = 0, rank: int = 0, worker: int = 0
) -> np.random.Generator:
    """The same arguments give the same draws, in any process and at any time."""
    return np.random.default_rng((seed, int(purpose), step, rank, worker))
