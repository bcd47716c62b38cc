"""How a report writes a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

NONE = "–"  # where there is no number


def number(value: float | None, digits: int = 0) -> str:
    """A number with thousands apart; a dash for none."""
    return NONE if value is None else f"{value:,.{digits}f}"


def share(value: float | None) -> str:
    """A share in percent; a dash for none."""
    return NONE if value is None else f"{value:.1%}"


def duration(seconds: float) -> str:
    """Hours, minutes and seconds, as many as it takes."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def decimals(digits: int) -> Callable[[float | None], str]:
    """Numbers with so many digits after the point."""
    return lambda value: number(value, digits)


def perplexity(value: float | None) -> str:
    """A whole number, a huge one as a power of ten."""
    return number(value) if value is None or value < 1e9 else f"{value:.1e}"


def whole(value: int) -> str:
    """A whole number with thousands apart."""
    return f"{value:,}"


def setting(value: Any) -> str:
    """A setting as one would write it."""
    if isinstance(value, float):
        return f"{value:.12g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
