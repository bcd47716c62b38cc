"""What can be said of a wrong result when no mistake is known that gives it.

Each finding looks for one simple relation to the truth, and says it in a sentence. The first that
holds is taken: they stand from the plainest to the most far-fetched.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from npgpt_core.types import Array
from npgpt_learn.marking.comparing import numbers, relative_error, same
from npgpt_learn.marking.inputs import frozen
from npgpt_learn.marking.marking import Case, Results
from npgpt_learn.marking.steps import first_wrong


@dataclass(frozen=True)
class Difference:
    """A result that is wrong, and what is known around it.

    Attributes:
        name: of the result.
        case: the inputs.
        truth: what it should be.
        values: what it is, for the first call and the second.
        others: the truth of the other results, by name.
        ask: what the code gives for other inputs; ``...`` where it fails.
        ask_solution: what the solution gives for them.
        steps: the values on the way, by the names that the code has for them.
        solution_steps: by the names that the solution has.
    """

    name: str
    case: Case
    truth: Any
    values: Sequence[Any]
    others: Results
    ask: Callable[[Case], Any]
    ask_solution: Callable[[Case], Any]
    steps: Results
    solution_steps: Results

    @cached_property
    def a(self) -> Array:
        """The array that is wrong."""
        return np.asarray(self.values[0], dtype=np.float64)

    @cached_property
    def t(self) -> Array:
        """The true array, of the same shape."""
        return np.asarray(self.truth, dtype=np.float64)


Finding = Callable[[Difference], str]


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
        return f"{f.name} is {kind}, expected {expected}" if kind != expected else ""
    if a.shape != t.shape:
        return _other_shape(f.name, a, t)
    return next(filter(None, (found(f) for found in (*SIMPLE, a_step, *ASKING, *VAGUE))), "")


def a_step(f: Difference) -> str:
    """A value on the way is wrong already, under the name that the solution has for it."""
    step = first_wrong(f.steps, f.solution_steps, {f.name: f.truth, **f.others})
    if not step:
        return ""
    a, t = numbers(f.steps[step]), numbers(f.solution_steps[step])
    if a is None or t is None:
        return f"it begins with {step}, which is no number"
    if a.shape != t.shape:
        return f"it begins with {step}, which has the shape {a.shape}, expected {t.shape}"
    there = replace(f, name=step, truth=t, values=[a, a])
    said = next(filter(None, (found(there) for found in (*SIMPLE, *VAGUE))), "")
    return f"it begins with {step}: {said}" if said else f"it begins with {step}, which is wrong"


def _kind(value: Any) -> str:
    match value:
        case np.ndarray():
            return f"an array of {value.dtype}" if numbers(value) is None else "an array"
        case None:
            return "None"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _other_shape(name: str, a: Array, t: Array) -> str:
    says = f"{name} has the shape {a.shape}, expected {t.shape}"
    if any(same(np.transpose(a, axes), t) for axes in _orders(a.ndim)):
        return f"{says}: the numbers are right, but they lie the wrong way round (transposed)"
    for axis in range(a.ndim):
        if same(a.sum(axis), t) or same(a.sum(axis, keepdims=True), t):
            return f"{says}: it is not summed over axis {axis} yet"
    return f"{says}: a gradient has the shape of what it is the gradient of"


def _orders(ndim: int) -> Iterator[tuple[int, ...]]:
    """Orders of axes with two of them swapped."""
    for i, j in combinations(range(ndim), 2):
        order = list(range(ndim))
        order[i], order[j] = j, i
        yield tuple(order)


def another_one(f: Difference) -> str:
    """The truth of another result."""
    for other, truth in f.others.items():
        if same(f.a, truth):
            return f"{f.name} is what {other} should be: are they returned in the order asked for?"
    return ""


def not_finite(f: Difference) -> str:
    """NaN or infinity."""
    bad = int((~np.isfinite(f.a)).sum())
    return f"{bad} of the {f.a.size} numbers of {f.name} are not finite (inf or nan)" if bad else ""


def written_over(f: Difference) -> str:
    """``=`` in the place of ``+=``."""
    before = f.case.before.get(f.name)
    if before is None or not same(f.a + before, f.t):
        return ""
    return f"{f.name} is written over, but it is to be added to: += and not ="


def nothing(f: Difference) -> str:
    """Zero everywhere."""
    if f.a.any():
        return ""
    as_given = f.name in f.case.before
    return f"{f.name} is as it was given" if as_given else f"{f.name} is 0 everywhere"


def constant_ratio(f: Difference) -> str:
    """Every number is off by the same factor."""
    big = np.abs(f.t) > 1e-6 * np.abs(f.t).max()
    ratio = float(np.median(f.a[big] / f.t[big])) if big.any() else 0.0
    if ratio == 0 or not same(f.a, ratio * f.t):
        return ""
    if same(ratio, -1.0):
        return f"{f.name} has the wrong sign everywhere"
    for text, size in _sizes(f.case):
        if same(abs(ratio), size):
            return f"{_signed(f.name, ratio)} {text} times too large (here {size:g})"
        if same(abs(ratio), 1 / size):
            return f"{_signed(f.name, ratio)} {text} times too small (here {size:g})"
    if same(abs(ratio), 1.0):
        return ""
    return f"every number of {f.name} is {ratio:.6g} times what it should be"


def _signed(name: str, ratio: float) -> str:
    return f"{name} has the wrong sign, and is" if ratio < 0 else f"{name} is"


def _sizes(case: Case) -> Iterator[tuple[str, float]]:
    """Numbers that a gradient is easily off by, and what they are called."""
    yield "2", 2.0
    for letter, size in case.sizes.items():
        yield letter, float(size)
        yield f"√{letter}", size**0.5
    for (first, m), (second, n) in combinations(case.sizes.items(), 2):
        yield f"{first}·{second}", float(m * n)
    for name, value in case.given.items():
        if isinstance(value, int | float) and value > 0:
            yield name, float(value)


def moved_rows(f: Difference) -> str:
    """The rows, or the columns, are right and in another order."""
    for axis, what in ((0, "rows"), (-1, "columns"))[: f.t.ndim]:
        a, t = _slices(f, axis)
        order = [next((j for j in range(len(t)) if same(row, t[j])), -1) for row in a]
        if sorted(order) == list(range(len(t))):
            moved = what if f.t.ndim > 1 else "numbers"
            return f"the {moved} of {f.name} are right, but in another order"
    return ""


def _slices(f: Difference, axis: int) -> tuple[Array, Array]:
    """Both arrays with an axis in front."""
    return np.moveaxis(f.a, axis, 0), np.moveaxis(f.t, axis, 0)


def one_slice(f: Difference) -> str:
    """Right, but for one row or one column."""
    if f.a.ndim < 2:
        return ""
    for axis, what in ((0, "row"), (-1, "column")):
        a, t = _slices(f, axis)
        wrong = [i for i in range(len(a)) if not same(a[i], t[i])]
        if len(wrong) == 1 and len(a) > 2:
            which = {0: "the first", len(a) - 1: "the last"}.get(wrong[0], f"number {wrong[0]}")
            return f"{f.name} is right but for {which} {what}"
    return ""


def signs(f: Difference) -> str:
    """The sizes of the numbers are right, some signs are not."""
    return f"some numbers of {f.name} have the wrong sign" if same(np.abs(f.a), np.abs(f.t)) else ""


def lacks_a_factor(f: Difference) -> str:
    """Off by a factor that is an array which is at hand."""
    for name, u in _at_hand(f):
        if same(f.a * u, f.t):
            return f"{f.name} lacks the factor {name}"
        if same(f.a, f.t * u):
            return f"{f.name} has the factor {name} too often"
        if same(f.a, -f.t * u) or same(-f.a * u, f.t):
            return f"{f.name} has the wrong sign, and the factor {name} too often or not at all"
    return ""


def lacks_a_term(f: Difference) -> str:
    """Off by a term that is an array which is at hand."""
    lacking = f.t - f.a
    for name, u in _at_hand(f):
        for factor, text in ((1.0, ""), (2.0, "2 · ")):
            if same(lacking, factor * u):
                return f"{f.name} lacks the term {text}{name}"
            if same(lacking, -factor * u):
                return f"{f.name} has the term {text}{name} too often"
    return ""


def _at_hand(f: Difference) -> Iterator[tuple[str, Array]]:
    """Arrays that broadcast to the shape, and simple functions of them; never a constant one."""
    for name, value in f.case.given.items():
        u = numbers(value)
        if u is None or u.size == 1 or _broadcast(u, f.t.shape) is None:
            continue
        yield name, u
        yield f"(1 - {name})", 1 - u
        yield f"{name}²", u**2
        if (u > 0).all():
            yield f"√{name}", np.sqrt(u)
    for letter, size in f.case.sizes.items():
        yield letter, np.full(f.t.shape, float(size))
    yield "1", np.ones(f.t.shape)


def _broadcast(u: Array, shape: tuple[int, ...]) -> Array | None:
    try:
        return np.broadcast_to(u, shape)
    except ValueError:
        return None


def not_proportional(f: Difference) -> str:
    """A gradient that does not double when the one from above does."""
    dy = f.case.above
    if not dy:
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


def nearly(f: Difference) -> str:
    """Right but for the last digits."""
    error = relative_error(f.a, f.t)
    return f"{f.name} is right to about {error:.0e}, which is no rounding" if error < 1e-3 else ""


SIMPLE: tuple[Finding, ...] = (
    another_one,
    not_finite,
    written_over,
    nothing,
    constant_ratio,
    moved_rows,
    one_slice,
    signs,
    nearly,
    lacks_a_factor,
    lacks_a_term,
)
"""They say what is to be changed."""

ASKING: tuple[Finding, ...] = (not_proportional, depends_on_others)
"""They call the code again, with other inputs."""

VAGUE: tuple[Finding, ...] = (
    rows_sum_to_zero,
    off_by_rows,
    partly_right,
)
"""They say something of what is wrong."""
