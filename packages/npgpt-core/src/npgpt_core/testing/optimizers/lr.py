"""Contract checks of optimizers: ``lr`` is what the training loop sets it to, at every step."""

from __future__ import annotations

from typing import Any

import numpy as np

from npgpt_core.testing.checklist import CheckList, require
from npgpt_core.testing.optimizers.quadratic import Quadratic, same_arrays, take_steps

optimizer_lr = CheckList("optimizer")

LR = 0.01


@optimizer_lr
def lr_is_attribute(factory: Any) -> None:
    """``lr`` is a plain attribute, at first the one given, that can be set."""
    optimizer = factory(Quadratic(), lr=LR)
    require(optimizer.lr == LR, f"lr is {optimizer.lr!r} after lr={LR} was given: keep it as lr")
    optimizer.lr = 0.5
    require(optimizer.lr == 0.5, f"lr is {optimizer.lr!r} after it was set to 0.5")


@optimizer_lr
def lr_is_read_at_every_step(factory: Any) -> None:
    """Setting ``lr`` has the same effect on the next step as having given it."""
    given, later = Quadratic(), Quadratic()
    take_steps(given, factory(given, lr=LR), 1)
    optimizer = factory(later, lr=7 * LR)
    optimizer.lr = LR
    take_steps(later, optimizer, 1)
    require(
        same_arrays(given.parameters(), later.parameters()),
        "setting lr before a step differs from giving it: read self.lr in step(), keep no copy of"
        " it, because the loop sets it at every step",
    )


@optimizer_lr
def lr_zero_changes_nothing(factory: Any) -> None:
    """A step at lr = 0 changes no parameter: weight decay and momentum are scaled by lr too."""
    model = Quadratic()
    optimizer = factory(model, lr=LR)
    take_steps(model, optimizer, 3)
    before = model.state_dict()
    optimizer.lr = 0.0
    take_steps(model, optimizer, 2)
    for name, array in model.parameters().items():
        require(
            np.array_equal(array, before[name]),
            f"{name!r} changed by up to {abs(array - before[name]).max():.3g} in a step at lr=0:"
            " scale every term of the update by lr",
        )
