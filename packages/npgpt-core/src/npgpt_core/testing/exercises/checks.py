"""The contract checks of sets of exercises: what marks a learner must itself be right."""

import ast
import builtins
from collections.abc import Iterator
from typing import Any

from npgpt_core.testing.checklist import Check, CheckList, must_raise, require, require_protocol

exercises = CheckList("exercise")

WIDTH = 100  # characters in a line
FEWEST = 4  # mistakes of an exercise


def exercise_checks() -> Iterator[tuple[str, Check]]:
    """Id and function of every exercise check; a function takes () -> set of exercises."""
    return iter(exercises)


each = exercises.given(lambda factory: (_all(factory),))


def _all(factory: Any) -> list[Any]:
    """The exercises of the set, of which there is at least one."""
    found = list(factory().exercises)
    require(found, "the set has no exercises: give it a folder with folders such as 01_linear")
    return found


@exercises
def protocol(factory: Any) -> None:
    """It has ``exercises``, and finds one by its name or number."""
    exercise_set = factory()
    require_protocol("exercise", exercise_set)
    for exercise in exercise_set.exercises:
        for word in (exercise.name, str(exercise.number)):
            found = exercise_set.find(word)
            require(found is exercise, f"find({word!r}) gave {found!r:.60}, not {exercise.name}")


@exercises
def unknown_exercise_refused(factory: Any) -> None:
    """A name that no exercise has is an ``NpgptError`` that repeats the name."""
    with must_raise("find('no-such-exercise')", naming="no-such-exercise"):
        factory().find("no-such-exercise")


@each
def numbered(found: list[Any]) -> None:
    """Their numbers go up, and none is there twice."""
    numbers = [exercise.number for exercise in found]
    require(numbers == sorted(set(numbers)), f"the numbers are {numbers}, expected each once")


@each
def words(found: list[Any]) -> None:
    """Each has a title, a statement, three hints, and a word for whoever passed."""
    for exercise in found:
        statement = exercise.statement
        there = all((statement.title, statement.text, statement.learned, *statement.hints))
        require(
            there and len(statement.hints) == 3,
            f"{exercise.name} lacks words: expected a title, a text, three hints, what was learned",
        )


@each
def lines_fit(found: list[Any]) -> None:
    """The learner's files and the hints have lines of at most 100 characters."""
    for exercise in found:
        text = "\n".join((exercise.learners_file, *exercise.statement.hints))
        for line in text.splitlines():
            require(len(line) <= WIDTH, f"{exercise.name} has a longer line: {line}")


@each
def solution_passes(found: list[Any]) -> None:
    """Each solution passes, whatever inputs are drawn."""
    for exercise in found:
        for seed in (0, 1):
            report = exercise.mark(exercise.solution, seed)
            require(
                report.passed,
                f"the solution of {exercise.name} is {report.state}: {report.problem}"
                f"{[r.finding for r in report.results]}; expected that it passes",
            )


@each
def skeleton_not_written(found: list[Any]) -> None:
    """Each file that a learner gets is marked as not written yet."""
    for exercise in found:
        state = exercise.mark(exercise.learners_file).state
        require(
            state == "not written yet",
            f"the learner's file of {exercise.name} is {state}: is a line marked '# Yours'?",
        )


@each
def names_defined(found: list[Any]) -> None:
    """Whoever writes what stands for ``...`` has defined every name that the file uses."""
    for exercise in found:
        module = ast.parse(exercise.learners_file)
        everywhere = _defined(module) | set(dir(builtins))
        for function in _functions(module):
            unknown = _used(function) - _defined(function) - everywhere
            require(
                not unknown,
                f"{exercise.name}: {function.name} uses {sorted(unknown)}, and no line defines"
                " that: name it in a comment '# Yours'",
            )


def _functions(tree: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef]:
    """The functions and methods, but for those inside of another."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node)


def _used(function: ast.FunctionDef) -> set[str]:
    return {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and _is(n, ast.Load)}


def _defined(tree: ast.AST) -> set[str]:
    """The names that are given a value in a function, or in a module outside of its functions."""
    names: set[str] = set()
    pending = list(ast.iter_child_nodes(tree))
    while pending:
        match node := pending.pop():
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
                if isinstance(tree, ast.Module):
                    continue
            case ast.alias(name=name, asname=asname):
                names.add(asname or name.partition(".")[0])
            case ast.arg(arg=name):
                names.add(name)
            case ast.Name(id=name) if _is(node, ast.Store):
                names.add(name)
        pending += ast.iter_child_nodes(node)
    return names


def _is(name: ast.Name, context: type[ast.expr_context]) -> bool:
    return isinstance(name.ctx, context)


@each
def results_distinct(found: list[Any]) -> None:
    """No two results of an exercise have one name."""
    for exercise in found:
        names = [result.name for result in exercise.mark(exercise.solution).results]
        require(len(set(names)) == len(names), f"the results of {exercise.name} are {names}")


@each
def mistakes_in_learners_lines(found: list[Any]) -> None:
    """Each has four mistakes or more, with a hint of its own, in lines that are the learner's."""
    for exercise in found:
        mistakes = exercise.mistakes
        hints = {mistake.hint for mistake in mistakes}
        require(
            len(hints) == len(mistakes) >= FEWEST,
            f"{exercise.name} has {len(mistakes)} mistakes and {len(hints)} hints, expected at"
            f" least {FEWEST}, each with its own",
        )
        for mistake in mistakes:
            require(
                mistake.right not in exercise.learners_file,
                f"{exercise.name}: the learner is given {mistake.right!r}, and cannot mistake it",
            )


@each
def mistakes_recognized(found: list[Any]) -> None:
    """Each mistake fails, and is told its own hint and no other."""
    for exercise in found:
        for mistake in exercise.mistakes:
            report = exercise.mark(mistake.made_in(exercise.solution))
            require(
                not report.passed,
                f"{exercise.name}: {mistake.wrong!r} passes: does it change any result?",
            )
            require(
                report.hints == [mistake.hint],
                f"{exercise.name}: {mistake.wrong!r} is told {report.hints}, expected"
                f" {mistake.hint!r}: does another mistake give the same results?",
            )
