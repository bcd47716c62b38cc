"""The files of other exercises that a file imports: the learner's own, where these are, or else the
solutions.

A name such as ``03_linear`` is imported with ``import_module``.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from npgpt_learn.marking.code import Failure, read_source
from npgpt_learn.naming import NAME

if TYPE_CHECKING:
    from npgpt_learn.exercise_set import ExerciseSet


class Solutions(MetaPathFinder, Loader):
    """Imports the solution of an exercise by the exercise's name, and writes no bytecode.

    Args:
        folder: of the exercises.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """That of a solution; None of anything else."""
        found = NAME.fullmatch(name) and (self.folder / name / "solution.py").is_file()
        return spec_from_loader(name, self) if found else None

    def exec_module(self, module: ModuleType) -> None:
        """Execute the solution."""
        file = self.folder / module.__name__ / "solution.py"
        exec(compile(file.read_text(encoding="utf-8"), file, "exec"), vars(module))


def offer_solutions(folder: Path) -> None:
    """Let the solutions in a folder be imported, unless the learner's own files are found."""
    if not any(isinstance(f, Solutions) and f.folder == folder for f in sys.meta_path):
        sys.meta_path.append(Solutions(folder))


def use_learners_own(folder: str) -> None:
    """From now on import the files in the learner's folder, and no solutions."""
    sys.path.append(folder)
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, Solutions)]
    for name in [name for name in sys.modules if NAME.fullmatch(name)]:
        del sys.modules[name]


@functools.cache
def require_passed(exercises: ExerciseSet) -> None:
    """Mark every file of the learner that was imported.

    Raises:
        Failure: one does not pass.
    """
    for exercise in exercises.exercises:
        file = getattr(sys.modules.get(exercise.name), "__file__", None)
        if file is None:  # not imported, or the solution
            continue
        report = exercise.mark(read_source(Path(file)))
        if not report.passed:
            raise Failure(
                f"{exercise.name}.py is {report.state}: this exercise puts it to use, so do that"
                f" one first (npgpt learn check {exercise.number})"
            )
