"""The contract checks of optimizers: updates and, from files of their own, lr and state."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from npgpt_core.testing.checklist import (
    Check,
    CheckList,
    require,
    require_options_are_data,
    require_protocol,
)
from npgpt_core.testing.optimizers.lr import optimizer_lr
from npgpt_core.testing.optimizers.quadratic import Quadratic, Twins, same_arrays, take_steps
from npgpt_core.testing.optimizers.state import optimizer_state

optimizers = CheckList("optimizer")

LR = 0.01
STEPS = 150


def optimizer_checks() -> Iterator[tuple[str, Check]]:
    """Id and function of every optimizer check; a function takes (model, lr=...) -> optimizer."""
    return itertools.chain(optimizers, optimizer_lr, optimizer_state)


@optimizers
def protocol(factory: Any) -> None:
    """Every member of ``protocols.Optimizer`` is there, on the instance too."""
    optimizer = factory(Quadratic(), lr=LR)
    require_protocol("optimizer", type(optimizer))
    require_protocol("optimizer", optimizer)


@optimizers
def options_are_data(factory: Any) -> None:
    """Options can be given by name; their defaults and ``presets`` can be written as JSON."""
    require_options_are_data("optimizer", type(factory(Quadratic(), lr=LR)))


@optimizers
def quadratic_falls(factory: Any) -> None:
    """150 steps at lr = 0.01 bring a quadratic below nine tenths of where it was."""
    model = Quadratic()
    first = model.forward()
    take_steps(model, factory(model, lr=LR), STEPS)
    last = model.forward()
    require(
        last < 0.9 * first,
        f"the quadratic went from {first:.4g} to {last:.4g} in {STEPS} steps at lr={LR}, expected"
        " below 0.9 of the first: step against the gradient, and write into the model's arrays",
    )


@optimizers
def every_number_moves(factory: Any) -> None:
    """A step moves every number that has a gradient, in every parameter, however large."""
    model = Quadratic()
    before = model.state_dict()
    take_steps(model, factory(model, lr=0.1), 3)
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
    models = [Quadratic(), Quadratic()]
    for model in models:
        take_steps(model, factory(model, lr=LR), 5)
    require(
        same_arrays(models[0].parameters(), models[1].parameters()),
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
                f" ({which}[...] = value or {which} += value), for replicas share it",
            )
    held = {name: (array.dtype, array.shape) for name, array in Quadratic().parameters().items()}
    for arrays_now in (model.parameters(), model.grads()):
        now = {name: (array.dtype, array.shape) for name, array in arrays_now.items()}
        require(now == held, f"types and shapes became {now}, expected {held}: change neither")


@optimizers
def gradients_unchanged(factory: Any) -> None:
    """A step does not write into the gradients."""
    model = Quadratic()
    optimizer = factory(model, lr=LR)
    take_steps(model, optimizer, 2)
    before = {name: grad.copy() for name, grad in model.grads().items()}
    optimizer.step()
    require(
        same_arrays(before, model.grads()),
        "step() wrote into a gradient, which belongs to the model: use scratch space of your own",
    )


@optimizers
def zero_grad_in_place(factory: Any) -> None:
    """``zero_grad`` sets every gradient of the model to zero."""
    model = Quadratic()
    optimizer = factory(model, lr=LR)
    take_steps(model, optimizer, 1)
    optimizer.zero_grad()
    for name, grad in model.grads().items():
        require(not grad.any(), f"the gradient of {name!r} is not zero after zero_grad(): fill(0)")


@optimizers
def zero_gradient_finite(factory: Any) -> None:
    """A first step on gradients of zero leaves every parameter finite."""
    model = Quadratic()
    optimizer = factory(model, lr=LR)
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
    model = Quadratic(np.float64)
    take_steps(model, factory(model, lr=LR), 3)
    for name, array in model.parameters().items():
        require(
            array.dtype == np.float64 and not np.array_equal(array, array.astype(np.float32)),
            f"{name!r} in float64 holds no more than float32 does, after a step: make state and"
            " scratch space with the parameter's dtype",
        )
