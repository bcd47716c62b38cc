"""What ``npgpt learn start`` prints."""

from collections.abc import Sequence
from pathlib import Path

from npgpt_core.shell import command
from npgpt_learn.show.text import say
from npgpt_learn.workbook import Workbook


def print_start(workbook: Workbook, written: Sequence[Path]) -> None:
    """The files that were written, and what to open."""
    exercises = workbook.exercise_set.exercises
    new = {workbook.file(exercise) for exercise in exercises} & set(written)
    kept = len(exercises) - len(new)
    say(f"{workbook.folder}: {_exercises(len(new))} written" + (f", {kept} kept." if kept else "."))
    if (exercise := workbook.current) is not None:
        say()
        say(f"Open    {workbook.file(exercise)}")
        say(f"Beside  {command('cd', workbook.folder)} && npgpt learn")


def _exercises(count: int) -> str:
    return f"{count} exercise{'' if count == 1 else 's'}"
