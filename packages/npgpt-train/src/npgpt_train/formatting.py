"""How numbers, sizes and durations are written, in reports and by the command."""

from collections.abc import Callable, Mapping
from typing import Any

NONE = "–"  # where there is no number


def number(value: float | None, digits: int = 0) -> str:
    """A number with thousands apart; a dash for none."""
    return NONE if value is None else f"{value:,.{digits}f}"


def decimals(digits: int) -> Callable[[float | None], str]:
    """Numbers with so many digits after the point."""
    return lambda value: number(value, digits)


def compact(value: float | None, digits: int = 3) -> str:
    """A number of any magnitude: a power of ten where so many decimals would say nothing."""
    if value is None:
        return NONE
    is_usual = value == 0 or 0.5 * 10**-digits <= abs(value) < 1e4
    return f"{value:.{digits}f}" if is_usual else f"{value:.1e}"


def perplexity(value: float | None) -> str:
    """A whole number, a huge one as a power of ten."""
    return number(value) if value is None or value < 1e9 else f"{value:.1e}"


def percent(share: float | None, digits: int | None = None) -> str:
    """A share in percent, by default with a decimal where it is small. A dash for none."""
    if share is None:
        return NONE
    if digits is None:
        digits = 0 if share >= 0.0995 else 1
    return f"{share:.{digits}%}"


def evaluation(metrics: Mapping[str, Any]) -> str:
    """An evaluation as a line of a run's progress."""
    losses = f"train {metrics['train_loss']:.4f}  validation {metrics['val_loss']:.4f}"
    return f"step {metrics['step']:>6}  {losses}"


def mebibytes(size: int, digits: int = 0) -> str:
    """A size of so many bytes."""
    return f"{number(size / 2**20, digits)} MiB"


def duration(seconds: float) -> str:
    """Hours, minutes and seconds, as many as it takes."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def setting(value: Any) -> str:
    """A setting as one would write it."""
    if isinstance(value, float):
        return f"{value:.12g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
