"""What a true gradient has and a wrong array has not: it says where to think again."""

from dataclasses import replace

import numpy as np

from npgpt_core.types import Array
from npgpt_learn.marking.comparing import numbers, same
from npgpt_learn.marking.difference import Difference, Finding
from npgpt_learn.marking.inputs import frozen


def not_proportional(f: Difference) -> str:
    """A gradient that does not double when the one from above does."""
    dy = f.case.above
    if not dy or not f.case.is_gradient(f.name):
        return ""
    twice = replace(f.case, given={**f.case.given, dy: frozen(2 * f.case.given[dy])})
    if same(f.ask(twice), 2 * f.a):
        return ""
    return (
        f"{f.name} is not proportional to {dy}: twice the {dy} has to give twice the {f.name}, so"
        f" every term needs {dy} once"
    )


def depends_on_others(f: Difference) -> str:
    """Depends on an input that it should not depend on, or not on one that it should."""
    for name, value in f.case.given.items():
        if numbers(value) is None or np.asarray(value).dtype.kind != "f" or np.ndim(value) == 0:
            continue
        changed = replace(f.case, given={**f.case.given, name: frozen(1.5 * value + 0.25)})
        does = not same(f.ask(changed), f.a)
        should = not same(f.ask_solution(changed), f.ask_solution(f.case))
        if does != should:
            which = "does not depend" if should else "depends"
            return f"{f.name} {which} on {name}, and should{'' if should else ' not'}"
    return ""


def rows_sum_to_zero(f: Difference) -> str:
    """The rows of the truth sum to 0, and these do not."""
    if f.t.ndim < 2 or f.t.shape[-1] < 2:
        return ""
    size = np.abs(f.t).sum()
    if np.abs(f.t.sum(-1)).max() < 1e-6 * size and np.abs(f.a.sum(-1)).max() > 1e-6 * size:
        return (
            f"each row of {f.name} should sum to 0, because adding the same to a whole row changes"
            " nothing"
        )
    return ""


def off_by_rows(f: Difference) -> str:
    """Off by the same number in each row, by a factor of its own in each, or along columns."""
    if f.a.ndim < 2:
        return ""
    lacking = f.t - f.a
    if same(lacking, np.broadcast_to(lacking.mean(-1, keepdims=True), lacking.shape)):
        return f"{f.name} is off by the same number all along each row: a term of the rows is wrong"
    if same(lacking, np.broadcast_to(lacking.mean(0, keepdims=True), lacking.shape)):
        return f"{f.name} is off by the same number all along each column"
    for axis, what in ((-1, "row"), (0, "column")):
        if (ratio := _ratio(f, axis)) is not None:
            lowest, highest = float(ratio.min()), float(ratio.max())
            return (
                f"each {what} of {f.name} is off by a factor of its own, from {lowest:.3g} to"
                f" {highest:.3g}"
            )
    return ""


def _ratio(f: Difference, axis: int) -> Array | None:
    """The factor along an axis that makes the truth what is there, if there is one."""
    norm = (f.t * f.t).sum(axis, keepdims=True)
    if not norm.all():
        return None
    ratio = (f.a * f.t).sum(axis, keepdims=True) / norm
    return ratio if same(f.a, ratio * f.t) and not same(ratio, np.ones_like(ratio)) else None


def partly_right(f: Difference) -> str:
    """Some numbers are right, the others have something in common."""
    scale = np.abs(f.t).max()
    right = np.abs(f.a - f.t) <= 1e-6 * scale
    if not right.any() or right.mean() < 0.2:
        return ""
    says = f"{int(right.sum())} of the {right.size} numbers of {f.name} are right"
    if not f.a[~right].any():
        return f"{says}, the others are 0"
    if not np.abs(f.t[~right]).max() > 1e-6 * scale:
        return f"{says}, the others should be 0"
    index = tuple(int(i) for i in np.argwhere(~right)[0])
    return f"{says}; the first that is not is {f.name}[{', '.join(map(str, index))}]"


ASKING: tuple[Finding, ...] = (not_proportional, depends_on_others)
"""They call the code again, with other inputs."""

VAGUE: tuple[Finding, ...] = (
    rows_sum_to_zero,
    off_by_rows,
    partly_right,
)
"""They say something of what is wrong."""
