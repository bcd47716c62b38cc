"""What the configs of all architectures check in the same way."""

import math
from collections.abc import Callable
from typing import Any

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.numbers import whole_number

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


def settle_sizes(config: Any) -> None:
    """Hold the sizes that every architecture has against what sizes can be."""
    settle(config, whole_number, "vocab_size", "block_size", "n_layer", "n_head", "n_embd")
    if config.n_layer > MAX_LAYERS:
        raise NpgptError(f"n_layer is {config.n_layer:,}, expected at most {MAX_LAYERS:,}")


def require_whole_heads(n_embd: int, n_head: int, otherwise: str = "") -> None:
    """Raise an ``NpgptError`` unless heads share the channels; ``otherwise`` ends the advice."""
    if n_embd % n_head:
        raise NpgptError(
            f"n_embd is {n_embd}, which n_head = {n_head} does not divide:"
            f" take n_embd = {n_head * math.ceil(n_embd / n_head)}{otherwise}"
        )
