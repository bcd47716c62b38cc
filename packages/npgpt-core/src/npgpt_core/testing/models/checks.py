"""The contract checks of models: mathematics and, from files of their own, all the rest."""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from npgpt_core.losses import CrossEntropy
from npgpt_core.protocols import config_of
from npgpt_core.testing.checklist import Check, CheckList, must_raise, require
from npgpt_core.testing.gradients import check_gradients
from npgpt_core.testing.models.config import model_config
from npgpt_core.testing.models.offers import model_offers
from npgpt_core.testing.models.state import model_state
from npgpt_core.testing.shared import modules
from npgpt_core.testing.small import LONG, B, T, V, random_ids, randomized_model, small_model

models = CheckList("model")
models.include(modules, lambda factory: (randomized_model(factory), random_ids()))

EXACT = 1e-9  # in float64


def model_checks() -> Iterator[tuple[str, Check]]:
    """Id and function of every model check; a function takes the class of the model."""
    return itertools.chain(model_config, models, model_state, model_offers)


@models
def logits_shape(factory: Any) -> None:
    """Ids (B, T) give logits (B, T, V), for any B, and T from 1 to ``block_size``."""
    model = small_model(factory)
    for b, t in ((B, T), (1, 1), (3, config_of(model).block_size)):
        logits = model.forward(random_ids(b, t))
        require(
            isinstance(logits, np.ndarray) and logits.shape == (b, t, V),
            f"ids ({b}, {t}) gave {type(logits).__name__} {np.shape(logits)}, expected logits"
            f" ({b}, {t}, {V}): one number for each id that may come next",
        )


@models
def too_long_refused(factory: Any) -> None:
    """More than ``block_size`` ids a row are an ``NpgptError``."""
    model = small_model(factory)
    with must_raise(f"{T + 2} ids a row with a block_size of {T + 1}"):
        model.forward(random_ids(B, T + 2))


@models
def gradients(factory: Any) -> None:
    """In float64 the gradient of every parameter equals central differences within 1e-6."""
    check_gradients(small_model(factory, dropout=0.1), random_ids(), coordinates=25)
    check_gradients(small_model(factory, block_size=LONG), random_ids(B, LONG), coordinates=2)


@models
def causality(factory: Any) -> None:
    """The logits of a position depend on no later id."""
    for length, places in ((T, range(1, T)), (LONG, (1, 63, 64, 65, LONG - 1))):
        model = randomized_model(factory, training=False, block_size=length)
        ids = random_ids(B, length)
        logits = model.forward(ids)
        for t in places:
            changed = ids.copy()
            changed[:, t:] = (changed[:, t:] + 1) % V
            off = abs(model.forward(changed)[:, :t] - logits[:, :t]).max()
            require(
                off < EXACT,
                f"changing the ids from position {t} on changed logits before it by {off:.2g}: the"
                " model sees what it should predict; mask later positions",
            )


@models
def batch_invariance(factory: Any) -> None:
    """The logits of a row do not depend on the other rows."""
    model = randomized_model(factory, training=False)
    ids = random_ids(3, T)
    logits = model.forward(ids)
    for row in range(3):
        off = abs(model.forward(ids[row : row + 1])[0] - logits[row]).max()
        require(
            off < EXACT,
            f"row {row} alone gave other logits than in a batch of 3, by {off:.2g}: reduce over"
            " channels or time, never over the batch",
        )


@models
def first_loss(factory: Any) -> None:
    """With default sizes in float32, the loss on random ids is at first within 0.1 of ln V."""
    vocab_size, t = 256, 32
    config = factory.Config(vocab_size=vocab_size, block_size=t)
    rng = np.random.default_rng(0)
    model = factory(config, rng=rng)
    ids, targets = rng.integers(0, vocab_size, (2, 16, t))
    loss = CrossEntropy()(model.forward(ids), targets)
    require(
        abs(loss - math.log(vocab_size)) < 0.1,
        f"the first loss is {loss:.3f}, expected ln {vocab_size} = {math.log(vocab_size):.3f}: the"
        " first logits must be near 0, so draw the weights smaller (N(0, 0.02²), residual"
        " projections scaled by 1/√(2L))",
    )


@models
def eval_deterministic(factory: Any) -> None:
    """In evaluation mode dropout is off: the same ids give the same logits."""
    model = randomized_model(factory, dropout=0.5, training=False)
    require(
        np.array_equal(model.forward(random_ids()), model.forward(random_ids())),
        "two forward passes in evaluation mode differ: draw nothing unless self.training",
    )


@models
def noise_can_be_turned_off(factory: Any) -> None:
    """After ``use_rng(None)`` dropout is off: training mode gives the logits of evaluation mode."""
    model = randomized_model(factory, dropout=0.5)
    model.use_rng(None)
    off = abs(model.forward(random_ids()) - model.eval().forward(random_ids())).max()
    require(
        off < EXACT,
        f"without a generator training mode gave other logits than evaluation mode, by {off:.2g}:"
        " draw from self.rng, which use_rng sets, and nothing where it is None",
    )
