"""Contract checks of whatever loads a state, model or optimizer: one that does not fit is refused.

They take the part and a state of it.
"""

from typing import Any

import numpy as np

from npgpt_core.testing.checklist import CheckList, refusal, require

loading = CheckList("state")

STRANGER = {"stranger.weight": np.zeros(3, np.float32)}


@loading
def load_refuses_missing(part: Any, state: dict[str, Any]) -> None:
    """Loading a state that lacks a name is an ``NpgptError`` that says which."""
    for name in state:
        less = {other: value for other, value in state.items() if other != name}
        with refusal(f"a state without {name!r}", naming=name):
            part.load_state_dict(less)


@loading
def load_refuses_unexpected(part: Any, state: dict[str, Any]) -> None:
    """Loading a state with a name too many is an ``NpgptError`` that says which."""
    (name,) = STRANGER
    with refusal("a state with an unknown name", naming=name):
        part.load_state_dict({**state, **STRANGER})


@loading
def load_refuses_misshapen(part: Any, state: dict[str, Any]) -> None:
    """Loading an array of another shape is an ``NpgptError`` that says which."""
    for name, array in state.items():
        if isinstance(array, np.ndarray) and array.ndim:
            for other in (array[..., None], np.concatenate([array, array])):
                with refusal(f"{name!r} of shape {other.shape}, not {array.shape}", naming=name):
                    part.load_state_dict({**state, name: other})


@loading
def load_all_or_none(part: Any, state: dict[str, Any]) -> None:
    """A state that is refused changes nothing."""
    other = {name: value + 1 for name, value in state.items()}
    with refusal("a state with an unknown name"):
        part.load_state_dict({**other, **STRANGER})
    now = part.state_dict()
    for name, value in state.items():
        require(
            np.array_equal(now[name], value),
            f"{name!r} changed though the state was refused: look at all names before you write",
        )
