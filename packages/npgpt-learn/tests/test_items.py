"""What is said of texts, lists and dicts that are wrong."""

import numpy as np
import pytest

from npgpt_learn.exercises import PATH
from npgpt_learn.marking.items import other_items


@pytest.mark.parametrize(
    ("value", "truth", "said"),
    [
        ("ab", "abc", "x is 'ab', expected 'abc'"),
        ([1], [], "x is [1], expected []"),
        ({1: 2}, {1: 3}, "x is {1: 2}, expected {1: 3}"),
        (True, False, "x is True, expected False"),
        ([*range(99)], [*range(50), 7, *range(51, 99)], "x[50] is 50, expected 7"),
        ([*range(50)], [*range(99)], "x ends after 50 of the 99 items that are expected"),
        ([*range(99)], [*range(50)], "x goes on after the 50 items that are expected: 50"),
        (dict.fromkeys(range(50)), dict.fromkeys(range(99)), "x lacks the key 50"),
        (dict.fromkeys(range(99)), dict.fromkeys(range(50)), "x has the key 50, and should not"),
        (dict.fromkeys(range(99), 1), dict.fromkeys(range(99), 2), "x[0] is 1, expected 2"),
        ([np.int64(7)] * 50, [*range(50)], "x[0] is 7, expected 0"),
        ([np.ones(2)] * 50, [*range(50)], "x[0] is array([1., 1.]), expected 0"),
        ({0: 10**5000}, {0: 1}, "x is <dict too long to show>, expected {0: 1}"),
        (3, 4, ""),
    ],
)
def test_what_is_said(value, truth, said):
    found = other_items("x", value, truth)
    assert found.startswith(said)
    assert ("before that it is right" in found) == ("x[50] is" in found)
    assert bool(found) == bool(said)


def test_it_is_said_to_the_learner():
    bpe = PATH.find("bpe")
    report = bpe.mark(bpe.solution.replace("return text", "return text + '!'"))
    assert "!" in report.results[-1].finding


def test_a_counter_is_a_dict():
    bpe = PATH.find("bpe")
    source = "from collections import Counter, defaultdict\n" + bpe.solution
    assert bpe.mark(source.replace("counts = {}", "counts = Counter()")).passed
    assert bpe.mark(source.replace("counts = {}", "counts = defaultdict(int)")).passed
