"""A solution with one token changed never passes, and as a rule is told more than "wrong"."""

import importlib.util
from pathlib import Path

import pytest

from npgpt_learn.exercises import PATH

COUNT = 200

spec = importlib.util.spec_from_file_location("mutants", Path(__file__).with_name("mutants.py"))
mutants = importlib.util.module_from_spec(spec)
spec.loader.exec_module(mutants)


@pytest.mark.once
@pytest.mark.parametrize("exercise", PATH.exercises, ids=lambda exercise: exercise.name)
def test_none_passes_and_half_are_explained(exercise):
    found = mutants.mutants(exercise, COUNT)
    assert len(found) == COUNT
    assert [mutant.line for mutant in found if mutant.report.passed] == []
    assert sum(mutant.report.explained for mutant in found) >= COUNT / 2
    results = [mutant.report for mutant in found if not mutant.report.problem]
    assert sum(report.explained for report in results) >= len(results) / 2
