"""What can be said of a text, a list or a dict that is wrong."""

from typing import Any

import numpy as np

from npgpt_core.errors import short_repr
from npgpt_learn.marking.comparing import same

WIDTH = 60  # characters that are shown of a value


def other_items(name: str, value: Any, truth: Any) -> str:
    """Both, where they are short; else where they differ first. "" of anything else."""
    match value, truth:
        case (str(), str()) | (list(), list()) | (tuple(), tuple()):
            return _both(name, value, truth) or _first(name, value, truth)
        case dict(), dict():
            return _both(name, value, truth) or _keys(name, value, truth)
        case (bool(), bool()) | (bytes(), bytes()):
            return _both(name, value, truth)
    return ""


def _both(name: str, value: Any, truth: Any) -> str:
    shown, expected = short_repr(value, WIDTH + 1), short_repr(truth, WIDTH + 1)
    short = max(len(shown), len(expected)) <= WIDTH
    return f"{name} is {shown}, expected {expected}" if short else ""


def _first(name: str, value: Any, truth: Any) -> str:
    """Where two sequences part."""
    pairs = zip(value, truth, strict=False)
    i = next((i for i, (v, t) in enumerate(pairs) if not same(v, t)), min(len(value), len(truth)))
    if i == len(value):
        return f"{name} ends after {i} of the {len(truth)} items that are expected"
    if i == len(truth):
        return f"{name} goes on after the {i} items that are expected: {_short(value[i])}"
    before = "; before that it is right" if i else ""
    return f"{name}[{i}] is {_short(value[i])}, expected {_short(truth[i])}{before}"


def _keys(name: str, value: dict[Any, Any], truth: dict[Any, Any]) -> str:
    """A key of two dicts that differ: one that is missing, one too many, or another value."""
    for key, expected in truth.items():
        if key not in value:
            return f"{name} lacks the key {_short(key)}"
        if not same(value[key], expected):
            return f"{name}[{_short(key)}] is {_short(value[key])}, expected {_short(expected)}"
    for key in value:
        if key not in truth:
            return f"{name} has the key {_short(key)}, and should not"
    return f"{name} has the right items, but in another order"


def _short(value: Any) -> str:
    plain = value.item() if isinstance(value, np.generic) else value
    text = short_repr(plain, WIDTH + 1)
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}..."
