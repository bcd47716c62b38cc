"""Whether saved state fits: names and shapes, all problems in one message."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from npgpt_core.errors import NpgptError


def require_fit(owner: object, own: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Hold ``state`` against the names and shapes of ``own``.

    Raises:
        NpgptError: names the owner's class and every missing, unexpected and misshapen key.
    """
    problems = [f"missing {name}" for name in own if name not in state]
    problems += [f"unexpected {name}" for name in state if name not in own]
    problems += [
        f"{name} has shape {np.shape(state[name])}, expected {np.shape(value)}"
        for name, value in own.items()
        if name in state and np.shape(state[name]) != np.shape(value)
    ]
    if problems:
        raise NpgptError(f"state does not fit {type(owner).__name__}: " + "; ".join(problems))
