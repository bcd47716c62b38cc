"""What the configs of all architectures check in the same way."""

from collections.abc import Callable
from typing import Any

from npgpt_core.errors import NpgptError, short_repr

MAX_LAYERS = 10_000  # each is a hundred objects of Python, however few numbers it holds


def settle(config: Any, check: Callable[[str, Any], Any], *names: str) -> None:
    """Hold fields of a frozen config against ``check``, and keep what it makes of them."""
    for name in names:
        object.__setattr__(config, name, check(name, getattr(config, name)))


def truth_value(name: str, value: Any) -> bool:
    """``value``, or an ``NpgptError`` if it is neither true nor false, such as 1 or "yes"."""
    if not isinstance(value, bool):
        raise NpgptError(f"{name} is {short_repr(value)}, expected true or false")
    return value


def require_layers(n_layer: int) -> None:
    """Raise an ``NpgptError`` for more layers than any model has."""
    if n_layer > MAX_LAYERS:
        raise NpgptError(f"n_layer is {n_layer:,}, expected at most {MAX_LAYERS:,}")
