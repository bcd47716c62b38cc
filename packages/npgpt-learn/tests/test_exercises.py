"""npgpt's own exercises keep the contract of exercises, each by itself; and more than that."""

import time
from types import SimpleNamespace

import pytest

from npgpt_core.testing.contract import checks_of
from npgpt_learn.exercise import Exercise
from npgpt_learn.exercises import PATH
from npgpt_learn.marking.judge import Judge

SLOW = {"bpe", "gpt"}
"""Topics whose marking may take more than a second."""

each = pytest.mark.parametrize(
    "exercise",
    [
        pytest.param(e, id=e.name, marks=[pytest.mark.once] if e.topic == "gpt" else [])
        for e in PATH.exercises
    ],
)
"""The last one is marked by the contract of models, which takes seconds."""


@pytest.mark.parametrize("check", checks_of("exercise").values(), ids=checks_of("exercise"))
@each
def test_contract(exercise, check):
    check(lambda: SimpleNamespace(exercises=[exercise], find=PATH.find))


def test_numbers_follow_each_other():
    assert [exercise.number for exercise in PATH.exercises] == [*range(1, len(PATH.exercises) + 1)]


@each
def test_what_is_still_to_be_written_is_shown_by_its_line(exercise):
    lines = exercise.learners_file.splitlines()
    assert lines[exercise.mark(exercise.learners_file).line - 1].endswith("...")


@each
def test_marking_takes_less_than_a_second(exercise):
    """The process of its own takes the rest."""
    if exercise.topic in SLOW:
        pytest.skip(f"{exercise.topic} may take longer")
    begin = time.process_time()
    Judge(exercise).mark(exercise.mistakes[-1].made_in(exercise.solution))
    assert time.process_time() - begin < 0.5


@each
def test_the_order_of_the_mistakes_decides_no_hint(exercise):
    backwards = Exercise(exercise.folder)
    backwards.mistakes = exercise.mistakes[::-1]
    for mistake in backwards.mistakes:
        assert backwards.mark(mistake.made_in(exercise.solution)).hints == [mistake.hint]
