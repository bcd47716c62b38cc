"""The errors that a user can fix: what was given, what was expected, what to do next.

All are ``NpgptError``, which is a ``ValueError``; some are also what Python calls their kind.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from npgpt_core.module import Module


class NpgptError(ValueError):
    """Wrong input, files or settings. The command line prints it as one line and exits with 2."""


class PluginError(NpgptError):
    """A part that is unknown, ambiguous, failed to load or misses its protocol."""


class LayerError(NpgptError):
    """A layer that was given what it does not take.

    Args:
        module: the layer.
        problem: what came and what was expected.

    Attributes:
        name: the layer's dotted name in the model that was called; "" if it was called itself.
    """

    def __init__(self, module: Module, problem: str) -> None:
        super().__init__(module, problem)
        self.module, self.problem, self.name = module, problem, ""

    def __str__(self) -> str:
        """One sentence: ``Linear(3, 2) at blocks.0.proj: x is (4, 5), expected (..., 3)``."""
        place = f" at {self.name}" if self.name else ""
        return f"{self.module._title()}{place}: {self.problem}"


class IdError(LayerError, IndexError):
    """An id that is negative, or at least as large as the number of ids."""


class BackwardError(NpgptError, RuntimeError):
    """A ``backward`` without one ``forward`` in training mode before it."""


class RebindingError(NpgptError, AttributeError):
    """A parameter or a gradient that would no longer be the array that others hold."""


class NpgptWarning(UserWarning):
    """What a user should know and need not fix. The command line prints it as one line."""


def short_repr(value: object, length: int = 40) -> str:
    """The beginning of ``repr(value)`` for a message, whatever a user gave as the value."""
    try:
        return f"{value!r:.{length}}"
    except (RecursionError, ValueError):  # ValueError: an int of more digits than Python prints
        return f"<{type(value).__name__} too long to show>"


def warn(message: str) -> None:
    """Give an ``NpgptWarning`` in the name of whoever called the function that gives it."""
    warnings.warn(message, NpgptWarning, stacklevel=3)
