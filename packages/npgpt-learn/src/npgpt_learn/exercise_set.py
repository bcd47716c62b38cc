"""A set of exercises: a folder with one folder for each. A plugin may bring one."""

from __future__ import annotations

import functools
from pathlib import Path

from npgpt_core.errors import NpgptError
from npgpt_learn.exercise import Exercise
from npgpt_learn.naming import NAME


class ExerciseSet:
    """The exercises in a folder, in the order of their numbers.

    Args:
        folder: with folders ``01_first``, ``02_second``; usually ``Path(__file__).parent``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @functools.cached_property
    def exercises(self) -> tuple[Exercise, ...]:
        """All of them.

        Raises:
            NpgptError: the folder has none.
        """
        folders = sorted(path for path in self.folder.iterdir() if NAME.fullmatch(path.name))
        if not folders:
            raise NpgptError(f"{self.folder} has no exercises, expected folders such as 01_linear")
        return tuple(Exercise(folder) for folder in folders)

    def find(self, word: str) -> Exercise:
        """The exercise of a number, a name or the path of the learner's file.

        Raises:
            NpgptError: there is none.
        """
        stem = Path(word).stem
        for exercise in self.exercises:
            names = (exercise.name, exercise.topic, str(exercise.number), exercise.name[:2])
            if stem in names:
                return exercise
        known = ", ".join(exercise.name for exercise in self.exercises)
        raise NpgptError(f"there is no exercise {word!r:.80}: choose from {known}")
