"""The contract checks of optimizers: updates, ``lr`` and, from a file of its own, state."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from npgpt_core.testing.checklist import Check, CheckList, require, require_protocol
from npgpt_core.testing.optimizers.quadratic import (
    LR,
    Quadratic,
    Twins,
    prepared,
    same_arrays,
    take_steps,
)
from npgpt_core.testing.optimizers.state import optimizer_state
from npgpt_core.testing.shared import part_options

optimizers = CheckList("optimizer")
on_quadratic = optimizers.given(prepared)

STEPS = 150


def optimizer_checks() -> Iterator[tuple[str, Check]]:
    """Id and function of every optimizer check; a function takes (model, lr=...) -> optimizer."""
    return itertools.chain(optimizers, optimizer_state)


@on_quadratic
def protocol(model: Quadratic, optimizer: Any) -> None:
    """Every member of ``protocols.Optimizer`` is there, on the instance too."""
    require_protocol("optimizer", type(optimizer))
    require_protocol("optimizer", optimizer)


optimizers.include(part_options, lambda factory: ("optimizer", type(prepared(factory)[1])))


@on_quadratic
def quadratic_falls(model: Quadratic, optimizer: Any) -> None:
    """150 steps at lr = 0.01 bring a quadratic below nine tenths of where it was."""
    first = model.forward()
    take_steps(model, optimizer, STEPS)
    last = model.forward()
    require(
        last < 0.9 * first,
        f"the quadratic went from {first:.4g} to {last:.4g} in {STEPS} steps at lr={LR}, expected"
        " below 0.9 of the first: step against the gradient, and write into the model's arrays",
    )


@on_quadratic
def every_number_moves(model: Quadratic, optimizer: Any) -> None:
    """A step moves every number that has a gradient, in every parameter, however large."""
    before = model.state_dict()
    optimizer.lr = 0.1
    take_steps(model, optimizer, 3)
    for name, array in model.parameters().items():
        still = int((array == before[name]).sum())
        require(
            still <= array.size // 100,  # rounding may leave a few where they are
            f"{still} of {array.size} numbers of {name!r} {array.shape} did not move in 3 steps at"
            " lr=0.1: update every parameter whole",
        )


@optimizers
def deterministic(factory: Any) -> None:
    """The same steps from the same start end equal, bit for bit."""
    one, same = prepared(factory), prepared(factory)
    for model, optimizer in (one, same):
        take_steps(model, optimizer, 5)
    require(
        same_arrays(one[0].parameters(), same[0].parameters()),
        "two equal models differ after 5 equal steps: draw no random numbers",
    )


@optimizers
def arrays_kept(factory: Any) -> None:
    """Parameters and gradients stay the same arrays, of the same type and shape."""
    model = Quadratic()
    arrays = dict(vars(model))  # what the model itself holds
    optimizer = factory(model, lr=LR)
    take_steps(model, optimizer, 2)
    optimizer.load_state_dict(optimizer.state_dict())
    for name in model.parameters():
        for which in (name, "d" + name):
            require(
                vars(model)[which] is arrays[which],
                f"{which!r} of the model is another array after the steps: write into it"
                f" ({which}[...] = value or {which} += value), because replicas share it",
            )
    held = {name: (array.dtype, array.shape) for name, array in Quadratic().parameters().items()}
    for arrays_now in (model.parameters(), model.grads()):
        now = {name: (array.dtype, array.shape) for name, array in arrays_now.items()}
        require(now == held, f"types and shapes became {now}, expected {held}: change neither")


@on_quadratic
def gradients_unchanged(model: Quadratic, optimizer: Any) -> None:
    """A step does not write into the gradients."""
    take_steps(model, optimizer, 2)
    before = {name: grad.copy() for name, grad in model.grads().items()}
    optimizer.step()
    require(
        same_arrays(before, model.grads()),
        "step() wrote into a gradient, which belongs to the model: use scratch space of your own",
    )


@on_quadratic
def zero_grad_in_place(model: Quadratic, optimizer: Any) -> None:
    """``zero_grad`` sets every gradient of the model to zero."""
    take_steps(model, optimizer, 1)
    optimizer.zero_grad()
    for name, grad in model.grads().items():
        require(not grad.any(), f"the gradient of {name!r} is not zero after zero_grad(): fill(0)")


@on_quadratic
def zero_gradient_finite(model: Quadratic, optimizer: Any) -> None:
    """A first step on gradients of zero leaves every parameter finite."""
    optimizer.zero_grad()
    optimizer.step()
    for name, array in model.parameters().items():
        require(
            np.isfinite(array).all(),
            f"{name!r} is not finite after a step on gradients of zero: add an ε to what you"
            " divide by",
        )


@optimizers
def tied_arrays_once(factory: Any) -> None:
    """An array that two modules share is updated once a step."""
    alone, tied = Twins(tied=False), Twins(tied=True)
    for model in (alone, tied):
        take_steps(model, factory(model, lr=LR), 3)
    require(
        np.array_equal(alone.table.weight, tied.table.weight),
        "a weight that a second module shares moved otherwise than the same weight alone: go"
        " through model.parameters(), which gives a shared array once",
    )


@optimizers
def float64_stays_float64(factory: Any) -> None:
    """Parameters in float64 are updated with the precision of float64."""
    model, optimizer = prepared(factory, np.float64)
    take_steps(model, optimizer, 3)
    for name, array in model.parameters().items():
        require(
            array.dtype == np.float64 and not np.array_equal(array, array.astype(np.float32)),
            f"{name!r} in float64 holds no more than float32 does, after a step: make state and"
            " scratch space with the parameter's dtype",
        )


@on_quadratic
def lr_is_attribute(model: Quadratic, optimizer: Any) -> None:
    """``lr`` is a plain attribute, at first the one given, that can be set."""
    require(optimizer.lr == LR, f"lr is {optimizer.lr!r} after lr={LR} was given: keep it as lr")
    optimizer.lr = 0.5
    require(optimizer.lr == 0.5, f"lr is {optimizer.lr!r} after it was set to 0.5")


@optimizers
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


@on_quadratic
def lr_zero_changes_nothing(model: Quadratic, optimizer: Any) -> None:
    """A step at lr = 0 changes no parameter: weight decay and momentum are scaled by lr too."""
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
