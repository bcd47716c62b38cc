"""The learner's folder: one file for each exercise, and the progress."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from npgpt_core import registry
from npgpt_core.errors import NpgptError, warn
from npgpt_learn import naming
from npgpt_learn.exercise import Exercise
from npgpt_learn.exercise_set import ExerciseSet
from npgpt_learn.progress import FILE, Progress
from npgpt_learn.report import Report
from npgpt_learn.statement import N_HINTS

NAME = "exercises"
"""The folder that is made and looked for unless another is given."""

OWN = "npgpt"
"""The set that is begun unless another is given."""


@dataclass(frozen=True)
class Workbook:
    """A learner's folder.

    Attributes:
        folder: where it is.
        exercise_set: whose exercises it has.
    """

    folder: Path
    exercise_set: ExerciseSet

    @classmethod
    def open(cls, folder: Path) -> Workbook:
        """Open a folder that ``start`` made.

        Raises:
            NpgptError: it is none, or its progress is damaged.
        """
        if not _is_workbook(folder):
            raise NpgptError(f"{folder} has no exercises: npgpt learn start writes them")
        return cls(folder, registry.load("exercise", Progress.read(folder).exercises))

    @classmethod
    def find(cls) -> Workbook:
        """Open the nearest: the current folder, one that it is in, or ``exercises`` in it.

        Raises:
            NpgptError: there is none.
        """
        here = Path.cwd()
        for folder in (here, *here.parents, here / NAME):
            if _is_workbook(folder):
                return cls.open(folder)
        raise NpgptError("there are no exercises here: npgpt learn start writes them")

    @classmethod
    def start(cls, folder: Path, exercises: str | None = None) -> tuple[Workbook, list[Path]]:
        """Write the files that are not there yet, and leave all others as they are.

        Args:
            folder: where.
            exercises: the name of the set; if None, that which the folder has, or npgpt's own.

        Raises:
            NpgptError: there is no such set, the folder has another one, or cannot be written.
        """
        began = (folder / FILE).exists()
        progress = Progress.read(folder) if began else Progress(exercises or OWN)
        if exercises not in (None, progress.exercises):
            raise NpgptError(
                f"{folder} has the exercises {progress.exercises!r}, not {exercises!r}: choose"
                " another folder"
            )
        exercise_set: ExerciseSet = registry.load("exercise", progress.exercises)
        workbook = cls(folder, exercise_set)
        texts = {e.name + ".py": e.learners_file for e in exercise_set.exercises}
        for exercise in exercise_set.exercises:
            texts |= exercise.files
        texts["README.md"] = (files("npgpt_learn") / "workbook.md").read_text(encoding="utf-8")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            fresh = [name for name in sorted(texts) if not (folder / name).exists()]
            for name in fresh:
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_text(texts[name], encoding="utf-8")
        except OSError as error:
            raise NpgptError(f"cannot write {folder}: {error.strerror}") from error
        if not began:
            progress.write(folder)
        return workbook, [folder / name for name in fresh]

    @property
    def progress(self) -> Progress:
        """As the folder's file has it now: another terminal may have changed it."""
        return Progress.read(self.folder)

    @contextmanager
    def _changed(self) -> Iterator[Progress]:
        """The progress, kept with what is changed in it; a warning where it cannot be kept."""
        progress, before = self.progress, self.progress
        yield progress
        if progress != before:
            try:
                progress.write(self.folder)
            except NpgptError as error:
                warn(f"your progress is not kept: {error}")

    def file(self, exercise: Exercise) -> Path:
        """The learner's file."""
        return self.folder / f"{exercise.name}.py"

    @property
    def current(self) -> Exercise | None:
        """The first that is not done; None if all are."""
        exercises, passed = self.exercise_set.exercises, self.progress.passed
        return next((e for e in exercises if e.name not in passed), None)

    def mark(self, exercise: Exercise) -> Report:
        """Mark the learner's file, and keep whether it passed."""
        from npgpt_learn.marker import mark_file  # starts processes; listing needs none

        report = mark_file(exercise, self.file(exercise))
        with self._changed() as progress:
            others = [name for name in progress.passed if name != exercise.name]
            if report.passed != (exercise.name in progress.passed):
                progress.passed = [*others, exercise.name] if report.passed else others
        return report

    def mark_all(self) -> dict[str, Report]:
        """Mark every file, several at once, and keep nothing: the folder may be somebody else's."""
        from concurrent.futures import ThreadPoolExecutor

        from npgpt_learn.marker import mark_file

        exercises = self.exercise_set.exercises
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            reports = pool.map(lambda exercise: mark_file(exercise, self.file(exercise)), exercises)
            return {e.name: report for e, report in zip(exercises, reports, strict=True)}

    def hint(self, exercise: Exercise) -> tuple[str, ...]:
        """The hints so far, and one more."""
        with self._changed() as progress:
            count = min(N_HINTS, progress.hints.get(exercise.name, 0) + 1)
            progress.hints[exercise.name] = count
        return exercise.statement.hints[:count]

    def solution(self, exercise: Exercise, give_up: bool) -> str:
        """The solution's source.

        Raises:
            NpgptError: the exercise is not done, and the learner does not give up.
        """
        with self._changed() as progress:
            if exercise.name not in progress.passed:
                if not give_up:
                    raise NpgptError(
                        f"{exercise.name} is not done yet: npgpt learn hint {exercise.number} tells"
                        " more; `give_up=True` shows the solution all the same"
                    )
                if exercise.name not in progress.given_up:
                    progress.given_up.append(exercise.name)
        return exercise.solution

    def reset(self, exercise: Exercise) -> Path | None:
        """Write the exercise's file anew; the path of the copy of what was there, if any.

        Raises:
            NpgptError: the folder cannot be written.
        """
        file, copy = self.file(exercise), None
        try:
            if file.exists():
                numbers = range(1, len(list(self.folder.iterdir())) + 2)
                copies = (self.folder / f"{exercise.name}.old-{i}.py" for i in numbers)
                copy = next(path for path in copies if not path.exists())
                file.rename(copy)
            file.write_text(exercise.learners_file, encoding="utf-8")
        except OSError as error:
            raise NpgptError(f"cannot write {file}: {error.strerror}") from error
        with self._changed() as progress:
            progress.passed = [name for name in progress.passed if name != exercise.name]
            progress.hints.pop(exercise.name, None)
        return copy


def _is_workbook(folder: Path) -> bool:
    """Whether a folder has exercises and a progress; others have a file of that name, too."""
    exercises = (naming.NAME.fullmatch(path.stem) for path in folder.glob("*.py"))
    return (folder / FILE).is_file() and any(exercises)
