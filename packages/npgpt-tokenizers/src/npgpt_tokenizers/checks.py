"""Checks of what users hand to a tokenizer; every error says what to give instead."""

import operator
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from npgpt_core.errors import NpgptError, short_repr


def check_integer(name: str, value: Any, least: int, most: int) -> int:
    """``value`` as an int, where it is an integer from ``least`` to ``most``."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or not least <= number <= most:
        raise NpgptError(f"{name}={short_repr(value)}: give an integer from {least} to {most}")
    return number


def check_list(name: str, value: Any) -> list[Any]:
    """``value`` as a list, where it is an iterable."""
    try:
        return list(value)
    except TypeError:
        raise NpgptError(f"{name}={short_repr(value)}: give a list") from None


def check_text(text: Any) -> str:
    """``text``, where it is a string."""
    if not isinstance(text, str):
        advice = ": decode it first" if isinstance(text, bytes) else ""
        raise NpgptError(f"a tokenizer reads str, not {type(text).__name__}{advice}")
    return text


def check_texts(texts: Iterable[str]) -> Iterator[str]:
    """The texts one by one, where they are an iterable of strings and not one string."""
    if isinstance(texts, str):
        raise NpgptError("train takes several texts, not one string: write train([text])")
    try:
        iterator = iter(texts)
    except TypeError:
        kind = type(texts).__name__
        raise NpgptError(f"train takes an iterable of strings, not {kind}: give a list") from None
    return map(check_text, iterator)


def check_ids(ids: Iterable[int], vocab_size: int) -> npt.NDArray[np.int64]:
    """``ids`` as an array of shape (n,), where all are integers from 0 to ``vocab_size`` - 1."""
    try:
        values = ids if isinstance(ids, np.ndarray) else list(ids)
        array = np.asarray(values)
    except (TypeError, ValueError):
        raise NpgptError(
            f"decode takes a sequence of integers, not {short_repr(ids, 80)}"
        ) from None
    if array.ndim != 1:
        raise NpgptError(f"decode takes ids of shape (n,), not {array.shape}: decode row by row")
    if array.size == 0:
        return np.zeros(0, np.int64)
    if array.dtype.kind not in "iu":
        if all(type(value) is int for value in values):  # beyond what NumPy's integers hold
            raise NpgptError(f"an id is far out of range: give ids from 0 to {vocab_size - 1}")
        raise NpgptError(f"decode takes integers, not {array.dtype}: give what encode returns")
    outside = (array < 0) | (array >= vocab_size)
    if outside.any():
        raise NpgptError(
            f"id {array[outside][0]} is not in the vocabulary: give ids of this tokenizer, "
            f"from 0 to {vocab_size - 1}"
        )
    return array.astype(np.int64)
