"""The argument that several commands share: which exercise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from npgpt_learn.exercise import Exercise
    from npgpt_learn.workbook import Workbook

one_exercise = click.argument("exercise", metavar="N|NAME|FILE")

an_exercise = click.argument("exercise", required=False, metavar="[N|NAME|FILE]")


def chosen(word: str | None) -> tuple[Workbook, Exercise]:
    """The learner's folder and an exercise: the one named, else the first that is not done.

    A file is marked in the folder that it is in.

    Raises:
        NpgptError: there is no folder, no such exercise, or all are done.
    """
    from pathlib import Path

    from npgpt_core.errors import NpgptError
    from npgpt_learn.workbook import Workbook

    if word is not None and word.endswith(".py"):
        workbook = Workbook.open(Path(word).absolute().parent)
    else:
        workbook = Workbook.find()
    exercise = workbook.exercise_set.find(word) if word else workbook.current
    if exercise is None:
        raise NpgptError("all exercises are done: name one, such as 3")
    return workbook, exercise
