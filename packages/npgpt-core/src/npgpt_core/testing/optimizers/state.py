"""Contract checks of optimizers: state that is saved, loaded, and continued from bit for bit."""

import json
from typing import Any

import numpy as np

from npgpt_core.testing.checklist import CheckList, require
from npgpt_core.testing.optimizers.quadratic import Quadratic, prepared, same_arrays, take_steps
from npgpt_core.testing.shared import loading
from npgpt_core.types import Array

optimizer_state = CheckList("optimizer")
on_quadratic = optimizer_state.given(prepared)


def _stepped(factory: Any) -> tuple[Any, dict[str, Any]]:
    model, optimizer = prepared(factory)
    take_steps(model, optimizer, 2)
    return optimizer, optimizer.state_dict()


optimizer_state.include(loading, _stepped)


@optimizer_state
def resumed_equals_uninterrupted(factory: Any) -> None:
    """Saved after 4 steps and loaded into a new optimizer, the next 4 are equal bit for bit."""
    whole, optimizer = prepared(factory)
    take_steps(whole, optimizer, 4)
    parameters, state = whole.state_dict(), _on_disk_and_back(optimizer.state_dict())
    take_steps(whole, optimizer, 4)

    for stepped_before in (0, 2):  # a fresh optimizer, and one that must forget its own steps
        resumed, optimizer = prepared(factory)
        take_steps(resumed, optimizer, stepped_before)
        resumed.load_state_dict(parameters)
        optimizer.load_state_dict(state)
        take_steps(resumed, optimizer, 4)
        require(
            same_arrays(whole.parameters(), resumed.parameters()),
            "a run that was resumed differs from the uninterrupted one: state_dict must hold all"
            " that the next step depends on (the number of steps too), and load_state_dict take"
            " all of it over",
        )


@on_quadratic
def state_is_flat(model: Quadratic, optimizer: Any) -> None:
    """The state maps strings to arrays, ints or floats, with the same names at every step."""
    fresh = set(optimizer.state_dict())
    take_steps(model, optimizer, 2)
    state = optimizer.state_dict()
    require(isinstance(state, dict), f"state_dict gave {type(state).__name__}, expected a dict")
    for name, value in state.items():
        numeric = isinstance(value, np.ndarray) and value.dtype.kind in "fiub"
        require(
            isinstance(name, str) and (numeric or isinstance(value, int | float)),
            f"the state has {name!r}: {type(value).__name__}, expected a string and an array, an"
            " int or a float: flatten it to names such as 'm.blocks.0.weight'",
        )
    require(
        set(state) == fresh,
        f"the names of the state change with the steps ({sorted(set(state) ^ fresh)[:4]} differ):"
        " make all state in __init__, so that a fresh optimizer can load it",
    )


@on_quadratic
def state_is_copied(model: Quadratic, optimizer: Any) -> None:
    """Later steps do not change a state that was given, nor does changing it change the steps."""
    take_steps(model, optimizer, 2)
    state = optimizer.state_dict()
    before = _arrays(state)
    take_steps(model, optimizer, 1)
    require(
        same_arrays(before, _arrays(state)),
        "a step changed the arrays of a state given before it: state_dict must copy",
    )
    optimizer.load_state_dict(state)
    for array in state.values():
        if isinstance(array, np.ndarray):
            array[...] = 7
    require(
        same_arrays(before, _arrays(optimizer.state_dict())),
        "writing into a state after it was loaded changed the optimizer: load_state_dict must copy"
        " (own[...] = loaded)",
    )


@optimizer_state
def float32_stays_float32(factory: Any) -> None:
    """The state of parameters in float32 holds no float64 arrays of a parameter's size."""
    _, state = _stepped(factory)
    sizes = {array.size for array in Quadratic().parameters().values()}
    for name, array in state.items():
        require(
            not isinstance(array, np.ndarray)
            or array.size not in sizes
            or array.dtype != np.float64,
            f"{name!r} is float64 beside parameters in float32, twice the memory and time: make"
            " state with np.zeros_like(parameter)",
        )


def _arrays(state: dict[str, Any]) -> dict[str, Array]:
    return {name: value.copy() for name, value in state.items() if isinstance(value, np.ndarray)}


def _on_disk_and_back(state: dict[str, Any]) -> dict[str, Any]:
    """As a checkpoint keeps it: arrays as their bytes, numbers as JSON."""
    return {
        name: value.copy() if isinstance(value, np.ndarray) else json.loads(json.dumps(value))
        for name, value in state.items()
    }
