"""What can be said of a text, a list or a dict that is wrong."""

from typing import Any

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
    shown, expected = repr(value), repr(truth)
    short = max(len(shown), len(expected)) <= WIDTH
    return f"{name} is {shown}, expected {expected}" if short else ""


def _first(name: str, value: Any, truth: Any) -> str:
    """Where two sequences part."""
    pairs = zip(value, truth, strict=False)
    i = next((i for i, (v, t) in enumerate(pairs) if v != t), min(len(value), len(truth)))
    if i == len(value):
        return f"{name} ends after {i} of the {len(truth)} items that are expected"
    if i == len(truth):
        return f"{name} goes on after the {i} items that are expected: {_short(value[i])}"
    return (
        f"{name}[{i}] is {_short(value[i])}, expected {_short(truth[i])}; before that it is right"
    )


def _keys(name: str, value: dict[Any, Any], truth: dict[Any, Any]) -> str:
    """A key of two dicts that differ: one that is missing, one too many, or another value."""
    for key, expected in truth.items():
        if key not in value:
            return f"{name} lacks the key {_short(key)}"
        if value[key] != expected:
            return f"{name}[{_short(key)}] is {_short(value[key])}, expected {_short(expected)}"
    for key in value:
        if key not in truth:
            return f"{name} has the key {_short(key)}, and should not"
    return f"{name} has the right items, but in another order"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}..."
