"""Marking code: right, not written yet, a known mistake, or what can be said in general."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from npgpt_learn.marking.code import Code, Failure
from npgpt_learn.marking.difference import Difference
from npgpt_learn.marking.earlier import offer_solutions
from npgpt_learn.marking.findings import finding
from npgpt_learn.marking.known_mistakes import Known, same_failure, same_results
from npgpt_learn.marking.marking import Case, Marking, Results
from npgpt_learn.marking.picture import picture_of
from npgpt_learn.marking.steps import Step, steps_of, wrong_steps
from npgpt_learn.marking.trial import Trial, silence
from npgpt_learn.report import FAILED, NOT_WRITTEN, PASSED, WRONG, Report, ResultReport
from npgpt_learn.skeleton import empty_lines, skeleton_of

if TYPE_CHECKING:
    from npgpt_learn.exercise import Exercise, Mistake

ELLIPSIS = "'ellipsis'"
"""Stands in what Python and NumPy say of arithmetic with ``...``."""


class Judge:
    """Marks code for one exercise.

    Args:
        exercise: that is marked.
        seed: draws the inputs.
    """

    def __init__(self, exercise: Exercise, seed: int = 0) -> None:
        offer_solutions(exercise.folder.parent)
        self.exercise, self.solution = exercise, Code(exercise.solution, "solution.py")
        rng = np.random.default_rng(seed)
        self.groups = [list(self._cases(marking, rng)) for marking in exercise.markings]
        self._tried = functools.cache(self._try)
        self._wrong_steps = functools.lru_cache(maxsize=1)(self._compared)

    def _cases(self, marking: Marking, rng: np.random.Generator) -> Iterator[tuple[Case, Results]]:
        """The cases of a marking, the small one first, each with its truth."""
        for small in (True, False):
            case = marking.case(self.solution, small, rng)
            yield case, case.truth(self.solution)

    @np.errstate(all="ignore")  # what the learner's numbers do is answered, not warned of
    def mark(self, source: str, filename: str = "exercise.py") -> Report:
        """Mark a file's code; it prints what its first call prints."""
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            return _failed(Failure(f"{type(error).__name__}: {error.msg}", error.lineno or 0))
        line = next(iter(empty_lines(source)), 0)
        if line and _dump(tree) == _dump(ast.parse(skeleton_of(self.exercise.solution))):
            return Report(NOT_WRITTEN, line=line)
        results: list[ResultReport] = []
        for i, cases in enumerate(self.groups):
            if self.exercise.markings[i].last and any(r.state != PASSED for r in results):
                break
            with silence() if i else nullcontext():
                trials = list(_trials(source, filename, cases))
            if failure := trials[-1].failure:
                if line and self._unwritten(failure, source):
                    return Report(NOT_WRITTEN, line=failure.line or line)
                return _failed(failure, same_failure(trials, self._known(i)))
            with silence():
                results += self._named(i, self._results(trials, i, bool(line)))
        states = {result.state for result in results}
        state = next(state for state in (WRONG, NOT_WRITTEN, PASSED) if state in states)
        return Report(state, line=line, results=results)

    def _unwritten(self, failure: Failure, source: str) -> bool:
        """Whether code with lines that are still to be written fails because of these.

        It does if it is said so, or if the line that fails is one that was given.
        """
        given = skeleton_of(self.exercise.solution).splitlines()
        fails = source.splitlines()[failure.line - 1] if failure.line else ""
        return ELLIPSIS in failure.text or (bool(fails) and fails in given)

    def _known(self, group: int) -> Iterator[Known]:
        """The known mistakes with their trials on a group of cases, if these are come to."""
        for mistake in self.exercise.mistakes:
            before = range(group) if self.exercise.markings[group].last else ()
            if all(trial.passed for i in before for trial in self._tried(mistake, i)):
                yield mistake.hint, self._tried(mistake, group)

    def _try(self, mistake: Mistake, group: int) -> list[Trial]:
        """Try a mistake on a group of cases."""
        wrong = mistake.made_in(self.exercise.solution)
        return list(_trials(wrong, "mistake.py", self.groups[group]))

    def _results(self, trials: Sequence[Trial], group: int, empty: bool) -> list[ResultReport]:
        """The report of every result; ``empty`` where lines are still to be written."""
        names = list(trials[0].truth)
        wrong = [name for name in names if not all(trial.right(name) for trial in trials)]
        hints = same_results(wrong, trials, self._known(group)) if wrong else {}
        return [
            self._wrong(name, trials, hints.get(name, ""), empty)
            if name in wrong
            else ResultReport(name, PASSED)
            for name in names
            if name in wrong or name not in trials[0].case.unasked
        ]

    def _named(self, group: int, results: Sequence[ResultReport]) -> Iterator[ResultReport]:
        """The reports; a name that several groups have is told with the function's."""
        truths = [cases[0][1] for cases in self.groups]
        of = self.exercise.markings[group].name
        for result in results:
            shared = sum(result.name in truth for truth in truths) > 1
            yield replace(result, name=f"{result.name} of {of}") if shared else result

    def _wrong(self, name: str, trials: Sequence[Trial], hint: str, empty: bool) -> ResultReport:
        """The report of a result that is wrong."""
        wrong = [trial for trial in trials if not trial.right(name)]
        if empty and not any(trial.there(name) for trial in wrong):
            return ResultReport(name, NOT_WRITTEN)
        said = "" if hint else self._finding(name, wrong[-1])
        shown = picture_of(wrong[0].calls[0][name], wrong[0].truth[name])
        return ResultReport(name, WRONG, hint, said, shown)

    def _finding(self, name: str, trial: Trial) -> str:
        """What can be said in general."""
        difference = Difference(
            name,
            trial.case,
            trial.truth[name],
            [call[name] for call in trial.calls],
            others={other: truth for other, truth in trial.truth.items() if other != name},
            ask=lambda case: trial.asked(case, name),
            ask_solution=lambda case: case.measure(self.solution)[name],
            wrong_steps=lambda: self._wrong_steps(trial),
        )
        return finding(difference) or trial.case.says.get(name, "")

    def _compared(self, trial: Trial) -> list[Step]:
        """Compare what goes on in code with what goes on in the solution."""
        steps = steps_of(trial.source, trial.filename, trial.case)
        return wrong_steps(steps, steps_of(self.exercise.solution, "solution.py", trial.case))


def _trials(source: str, filename: str, cases: Sequence[tuple[Case, Results]]) -> Iterator[Trial]:
    """Try code on every case, until it fails; the first may print."""
    for i, (case, truth) in enumerate(cases):
        with silence() if i else nullcontext():
            trial = Trial.of(source, filename, case, truth)
        yield trial
        if trial.failure:
            return


def _dump(tree: ast.Module) -> str:
    """What is executed of a source: all but its docstring."""
    if ast.get_docstring(tree) is not None:
        del tree.body[0]
    return ast.dump(tree)


def _failed(failure: Failure, hint: str = "") -> Report:
    return Report(FAILED, failure.text, failure.line, failure.shapes, hint)
