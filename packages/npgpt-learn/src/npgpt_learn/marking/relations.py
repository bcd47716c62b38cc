"""What says what is to be changed in a wrong array: one simple relation to the truth each.

They stand from the plainest to the most far-fetched.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from npgpt_core.types import Array
from npgpt_learn.marking.comparing import numbers, relative_error, same
from npgpt_learn.marking.difference import Difference, Finding
from npgpt_learn.marking.marking import Case


def another_one(f: Difference) -> str:
    """The truth of another result."""
    for other, truth in f.others.items():
        if same(f.a, truth):
            return f"{f.name} is what {other} should be: are they returned in the order asked for?"
    return ""


def not_finite(f: Difference) -> str:
    """NaN or infinity."""
    bad = int((~np.isfinite(f.a)).sum())
    if not bad:
        return ""
    if f.a.ndim == 0:
        return f"{f.name} is {f.a}, which is not finite"
    return f"{bad} of the {f.a.size} numbers of {f.name} are not finite (inf or nan)"


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
    if f.name in f.case.before:
        return (
            f"{f.name} is as it was given: {f.name} += ... writes into it, {f.name} = ... does not"
        )
    return f"{f.name} is 0" + (" everywhere" if f.a.ndim else "")


def constant_ratio(f: Difference) -> str:
    """Every number is off by the same factor."""
    big = np.abs(f.t) > 1e-6 * np.abs(f.t).max()
    ratio = float(np.median(f.a[big] / f.t[big])) if big.any() else 0.0
    if ratio == 0 or not same(f.a, ratio * f.t):
        return ""
    if same(ratio, -1.0):
        return f"{f.name} has the wrong sign" + (" everywhere" if f.a.ndim else "")
    for text, size in _sizes(f.case):
        if same(abs(ratio), size):
            return f"{_signed(f.name, ratio)} {text} times too large (here {size:g})"
        if same(abs(ratio), 1 / size):
            return f"{_signed(f.name, ratio)} {text} times too small (here {size:g})"
    if same(abs(ratio), 1.0):
        return ""
    which = "every number of " if f.a.ndim else ""
    return f"{which}{f.name} is {ratio:.6g} times what it should be"


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
        yield f"{first}/{second}", m / n
    for name, value in case.given.items():
        if isinstance(value, int | float) and value > 0:
            yield name, float(value)


def transposed(f: Difference) -> str:
    """The numbers of a square matrix lie the wrong way round, which no shape tells."""
    lies = f.a.ndim == 2 and same(f.a.T, f.t)
    return f"{f.name} is transposed: its rows should be its columns" if lies else ""


def moved_rows(f: Difference) -> str:
    """The rows, or the columns, are right and in another order."""
    for axis, what in ((0, "rows"), (-1, "columns"))[: f.t.ndim]:
        a, t = _slices(f, axis)
        left = list(t)
        for row in a:
            found = next((j for j, other in enumerate(left) if same(row, other)), None)
            if found is None:
                break
            del left[found]
        else:
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
    yield "1", np.ones(f.t.shape)


def _broadcast(u: Array, shape: tuple[int, ...]) -> Array | None:
    try:
        return np.broadcast_to(u, shape)
    except ValueError:
        return None


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
    transposed,
    moved_rows,
    one_slice,
    signs,
    nearly,
    lacks_a_factor,
    lacks_a_term,
)
"""They say what is to be changed."""
