"""Updates and state, bit for bit as npgpt 0.1 made them: its checkpoints still load and go on."""

import hashlib
from types import SimpleNamespace

import numpy as np
import pytest

from npgpt_optim import SGD, Adam, AdamW

SHAPES = {"long": (3, 50_001), "bias": (7,), "scale": ()}  # "long" is more than two pieces
OPTIONS = {"beta1": 0.5, "beta2": 0.75}  # their powers are exact, whatever the C library
RECORDED = {
    "sgd": (SGD, {}, "33759e8e5c7f6ed423d6f2a529e5720f"),
    "momentum": (SGD, {"momentum": 0.9}, "e7d1109794fe250d2b2e94497d60e9d1"),
    "nesterov": (SGD, {"momentum": 0.9, "nesterov": True}, "68956f50ea4386d2659075b2a918a87d"),
    "adam": (Adam, OPTIONS, "f0174d1ffd57eabc25d5cc1134c5b0af"),
    "adamw": (AdamW, {**OPTIONS, "weight_decay": 0.3}, "182978738f65f35b89027dd2a87e269d"),
}


def whole(shape, salt):
    """Numbers of both signs that no generator and no library of mathematics has a hand in."""
    count = int(np.prod(shape))
    numbers = (np.arange(count) * 7919 + salt * 104_729) % 2039 - 1019
    return (numbers / 1024).astype(np.float32).reshape(shape)


def digest(kind, options):
    """SHA-256 of the parameters and of the state, by name and in order, after five steps."""
    arrays = {name: whole(shape, 1) for name, shape in SHAPES.items()}
    grads = {name: np.zeros_like(array) for name, array in arrays.items()}
    optimizer = kind(
        SimpleNamespace(parameters=lambda: arrays, grads=lambda: grads), lr=0.125, **options
    )
    for step in range(5):
        for grad in grads.values():
            grad[...] = whole(grad.shape, step + 2)
        optimizer.step()
    found = hashlib.sha256()
    for name, value in [*arrays.items(), *optimizer.state_dict().items()]:
        found.update(name.encode())
        found.update(np.asarray(value, "<f4").tobytes())
    return found.hexdigest()[:32]


@pytest.mark.parametrize(("kind", "options", "recorded"), RECORDED.values(), ids=RECORDED)
def test_parameters_and_state_are_those_of_npgpt_0_1(kind, options, recorded):
    assert digest(kind, options) == recorded
