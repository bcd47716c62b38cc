"""Each exercise check can fail: for every id, a set that is broken in one place.

npgpt-core does not know npgpt-learn, so these sets are made of what the kit asks of one.
"""

from types import SimpleNamespace

import pytest

from npgpt_core import NpgptError
from npgpt_core.testing import exercise_checks, parametrize_with_checks

CHECKS = dict(exercise_checks())


class Mistake:
    def __init__(self, wrong, right="y = 2 * x", hint=""):
        self.wrong, self.right, self.hint = wrong, right, hint or f"not {wrong}"

    def made_in(self, solution):
        return solution.replace(self.right, self.wrong)


class Double:
    """A right exercise, to be broken in one place at a time."""

    name, number = "01_double", 1
    statement = SimpleNamespace(title="t", text="t", learned="l", hints=("a", "b", "c"))
    solution = "y = 2 * x"
    learners_file = "y = ..."
    mistakes = tuple(Mistake(wrong) for wrong in ("y = x", "y = -x", "y = 1", "y = 0"))

    def __init__(self, **changes):
        vars(self).update(changes)

    def mark(self, source, seed=0):
        hints = [mistake.hint for mistake in self.mistakes if mistake.wrong == source]
        state = {"y = 2 * x": "passed", "y = ...": "not written yet"}.get(source, "wrong")
        passed = state == "passed"
        return SimpleNamespace(state=state, passed=passed, hints=hints, problem="", results=[])


class Set:
    def __init__(self, *exercises):
        self.exercises = exercises

    def find(self, word):
        for exercise in self.exercises:
            if word in (exercise.name, str(exercise.number)):
                return exercise
        raise NpgptError(f"there is no exercise {word!r}")


class FindsTheFirst(Set):
    def find(self, word):
        if word == "no-such-exercise":
            raise NpgptError(word)
        return self.exercises[0]


class FindsAnything(Set):
    def find(self, word):
        return self.exercises[0]


class OnlyOneInput(Double):
    def mark(self, source, seed=0):
        report = super().mark(source)
        return SimpleNamespace(**{**vars(report), "passed": seed == 0})


class TwoOfOneName(Double):
    def mark(self, source, seed=0):
        report = super().mark(source)
        report.results += [SimpleNamespace(name="y")] * 2
        return report


EVERY_WAY_TO_DEFINE = """
import a.b, c as d
from e import f
G = 1
def h(i, *j, k=2, **m):
    for n, (o, q) in i: ...
    with n as r: s = t = 3
    u = [v for v in j if (w := v)]
    def x(): return u
    z = lambda y: y + len(a) + d + f + G
    return h, i, j, k, m, n, o, q, r, s, t, u, w, x, z
"""

BROKEN = {
    "protocol": FindsTheFirst(Double(), Double(name="02_again", number=2)),
    "unknown-exercise-refused": FindsAnything(Double()),
    "numbered": Set(Double(name="02_two", number=2), Double()),
    "words": Set(Double(statement=SimpleNamespace(**vars(Double.statement) | {"learned": ""}))),
    "lines-fit": Set(Double(learners_file="y = ...  # " + "x" * 100)),
    "solution-passes": Set(OnlyOneInput()),
    "skeleton-not-written": Set(Double(learners_file="y = x")),
    "names-defined": Set(Double(learners_file="def f(x):\n    y = ...\n    return z")),
    "results-distinct": Set(TwoOfOneName()),
    "mistakes-in-learners-lines": Set(Double(mistakes=Double.mistakes[:3])),
    "mistakes-recognized": Set(Double(mistakes=(*Double.mistakes, Mistake("y = x", hint="else")))),
}
ALSO_BROKEN = {
    "names-defined": Set(Double(learners_file="def f(): y = 1\ndef g(): return y")),
    "numbered": Set(),
    "words": Set(Double(statement=SimpleNamespace(**vars(Double.statement) | {"hints": ("a",)}))),
    "mistakes-in-learners-lines": Set(Double(learners_file="y = 2 * x")),
    "mistakes-recognized": Set(Double(mistakes=(Mistake("y = 2 * x"),))),
}


@parametrize_with_checks("exercise", lambda: Set(Double(), Double(name="03_x", number=3)))
def test_a_right_set_passes(check):
    check()


def test_every_way_to_define_a_name_counts():
    CHECKS["names-defined"](lambda: Set(Double(learners_file=EVERY_WAY_TO_DEFINE)))


def test_every_check_has_a_broken_set():
    assert BROKEN.keys() == CHECKS.keys()


@pytest.mark.parametrize(
    ("check_id", "broken"),
    [*BROKEN.items(), *ALSO_BROKEN.items()],
    ids=[*BROKEN, *(f"{check_id}-also" for check_id in ALSO_BROKEN)],
)
def test_a_broken_set_fails_its_check(check_id, broken):
    with pytest.raises(AssertionError, match=f"exercise check {check_id}: "):
        CHECKS[check_id](lambda: broken)
