"""Change one token of a solution at random: does a wrong one pass, and is it told why it is wrong?

    python packages/npgpt-learn/tests/mutants.py [NAME ...] [--count 200] [--seed 0] [--show]

A change leaves a token out, or puts another of the same kind (operator, number, name, attribute) in
its place, one of the same function or a usual one. Only the learner's lines are changed. A change
counts if it compiles, and gives another result than the solution does for inputs that the marking
does not use.
"""

import argparse
import ast
import contextlib
import io
import keyword
import random
import signal
import sys
import tokenize
import warnings
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from npgpt_learn.exercise import Exercise
from npgpt_learn.exercises import PATH
from npgpt_learn.marking.code import Code
from npgpt_learn.marking.trial import Trial
from npgpt_learn.report import Report

USUAL = {
    "operator": "+ - * / @ % ** // += -= *= /= = < <= , : . ( ) [ ]",
    "number": "0 1 2 3 0.5",
    "name": "abs all any bool dict enumerate float int len list max min np range round sorted sum",
    "attribute": "T argmax copy cumsum max mean min prod shape sum",
}
"""Tokens of each kind that may stand in a place even if the function has no such token."""


@dataclass(frozen=True)
class Mutant:
    """A solution with one token changed, and its report."""

    line: str
    source: str
    report: Report


def kind_of(before, token):
    """What may stand in a token's place; "" if nothing."""
    if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
        return "attribute" if before.string == "." else "name"
    return {tokenize.OP: "operator", tokenize.NUMBER: "number"}.get(token.type, "")


def sources(exercise, rng):
    """Yield every (changed line, source), in random order."""
    solution = exercise.solution
    lines = solution.splitlines()
    given = set(exercise.learners_file.splitlines())
    tokens = list(tokenize.generate_tokens(io.StringIO(solution).readline))
    changes = []
    for function in ast.walk(ast.parse(solution)):
        if not isinstance(function, ast.FunctionDef):
            continue
        rows = range(function.lineno, function.end_lineno + 1)
        pairs = [(before, token) for before, token in pairwise(tokens) if token.start[0] in rows]
        inside = [(kind_of(before, token), token) for before, token in pairs]
        for kind, token in inside:
            if kind and lines[token.start[0] - 1] not in given:
                words = {"", *USUAL[kind].split(), *(t.string for k, t in inside if k == kind)}
                changes += [(token, word) for word in sorted(words - {token.string})]
    rng.shuffle(changes)
    for token, word in changes:
        (row, start), (_, end) = token.start, token.end
        line = lines[row - 1]
        changed = f"{line[:start]}{word}{line[end:]}"
        yield changed, "\n".join((*lines[: row - 1], changed, *lines[row:], ""))


class Reference:
    """Says whether code is another than the solution, by inputs of its own."""

    def __init__(self, exercise):
        solution = Code(exercise.solution, "solution.py")
        rng = np.random.default_rng(1234)
        markings = [marking for marking in exercise.markings if not marking.last] * 2
        cases = [marking.case(solution, False, rng) for marking in markings]
        self.cases = [(case, case.truth(solution)) for case in cases]

    def differs(self, source):
        trials = (Trial.of(source, "exercise.py", case, truth) for case, truth in self.cases)
        return not all(trial.passed for trial in trials)


class TooSlow(BaseException):
    pass


@contextlib.contextmanager
def limited(seconds):
    """A ``with`` block that raises ``TooSlow`` after seconds of the processor, where it can.

    Code that is marked may have caught it: then it is raised at the end of the block.
    """
    stops = []

    def stop(*_):
        stops.append(True)
        raise TooSlow

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, seconds)  # again and again
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    if stops:
        raise TooSlow


def mutants(exercise: Exercise, count: int, seed: int = 0) -> list[Mutant]:
    """Changes of a solution that change its result, each with its report."""
    rng = random.Random(seed)
    for mistake in exercise.mistakes:  # they are tried once; here without a limit
        exercise.mark(mistake.made_in(exercise.solution))
    reference, found = Reference(exercise), []
    for line, source in sources(exercise, rng):
        if len(found) == count:
            break
        try:
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with limited(1):
                    report = exercise.mark(source) if reference.differs(source) else None
                if report is not None:
                    found.append(Mutant(line.strip(), source, report))
        except (SyntaxError, TooSlow):
            continue
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="print those that are only wrong")
    chosen = parser.parse_args()
    exercises = [PATH.find(name) for name in chosen.names] or PATH.exercises
    any_passed = False
    for exercise in exercises:
        found = mutants(exercise, chosen.count, chosen.seed)
        passed = [mutant for mutant in found if mutant.report.passed]
        explained = [mutant for mutant in found if mutant.report.explained]
        results = [mutant for mutant in found if not mutant.report.problem]
        measured = [mutant for mutant in results if mutant.report.explained]
        print(
            f"{exercise.name}: {len(found)} changes, {len(passed)} pass, {len(explained)} are"
            f" explained; of the {len(results)} that raise nothing, {len(measured)}"
        )
        any_passed |= bool(passed)
        for mutant in passed:
            print("  PASSED:", mutant.line)
        for mutant in found if chosen.show else ():
            if not mutant.report.explained:
                print("  wrong:", mutant.line)
    sys.exit(any_passed)


if __name__ == "__main__":
    main()
