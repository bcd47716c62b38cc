"""What can be said of a wrong result when no mistake is known that gives it.

Each finding looks for one simple relation to the truth, and says it in a sentence. The first that
holds is taken: they stand from the plainest to the most far-fetched.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from npgpt_core.types import Array
from npgpt_learn.marking.comparing import numbers, same
from npgpt_learn.marking.difference import Difference
from npgpt_learn.marking.items import other_items
from npgpt_learn.marking.properties import ASKING, VAGUE
from npgpt_learn.marking.relations import SIMPLE
from npgpt_learn.marking.steps import first_wrong


def finding(f: Difference) -> str:
    """The first sentence that holds; "" if none does."""
    value = f.values[0]
    if same(value, f.truth):
        return (
            f"{f.name} is right for the first call only: something is left behind that the second"
            " call finds changed"
        )
    a, t = numbers(value), numbers(f.truth)
    if a is None or t is None:
        kind, expected = _kind(value), _kind(f.truth)
        if kind != expected:
            hint = ": does the function return it?" if value is None else ""
            return f"{f.name} is {kind}, expected {expected}{hint}"
        return other_items(f.name, value, f.truth)
    if a.shape != t.shape:
        return _other_shape(f, a, t)
    return next(filter(None, (found(f) for found in (*SIMPLE, a_step, *ASKING, *VAGUE))), "")


def a_step(f: Difference) -> str:
    """A value on the way is wrong already, under the name that the solution has for it."""
    results = {f.name: f.truth, **f.others}
    step = first_wrong(f.name, f.wrong_steps(), results)
    if step is None:
        return ""
    begins = f"it begins with {step.name}"
    if "." in step.function:  # a method: others have variables of this name, too
        begins = f"it begins in {step.function} with {step.name}"
    a, t = numbers(step.value), numbers(step.truth)
    if a is None or t is None:
        return f"{begins}, which is no number"
    if a.shape != t.shape:
        return f"{begins}, which has the shape {a.shape}, expected {t.shape}"
    there = replace(f, name=step.name, truth=t, values=[a, a])
    said = next(filter(None, (found(there) for found in (*SIMPLE, *VAGUE))), "")
    return f"{begins}: {said}" if said else f"{begins}, which is wrong"


def _kind(value: Any) -> str:
    match value:
        case np.ndarray():
            return f"an array of {value.dtype}" if numbers(value) is None else "an array"
        case None:
            return "None"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _other_shape(f: Difference, a: Array, t: Array) -> str:
    says = f"{f.name} has the shape {a.shape}, expected {t.shape}"
    if any(same(np.transpose(a, axes), t) for axes in _orders(a.ndim)):
        return f"{says}: the numbers are right, but they lie the wrong way round (transposed)"
    for axis in range(a.ndim):
        if same(a.sum(axis), t) or same(a.sum(axis, keepdims=True), t):
            return f"{says}: it is not summed over axis {axis} yet"
    if f.case.is_gradient(f.name):
        return f"{says}: a gradient has the shape of what it is the gradient of"
    return says


def _orders(ndim: int) -> Iterator[tuple[int, ...]]:
    """Orders of axes with two of them swapped."""
    for i, j in combinations(range(ndim), 2):
        order = list(range(ndim))
        order[i], order[j] = j, i
        yield tuple(order)
