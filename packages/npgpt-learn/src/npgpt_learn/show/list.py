"""What ``npgpt learn list`` prints."""

from npgpt_learn.show.signs import OPEN, RIGHT
from npgpt_learn.show.text import say
from npgpt_learn.statement import N_HINTS
from npgpt_learn.workbook import Workbook


def print_list(workbook: Workbook) -> None:
    """A line for each exercise: whether it is done, and how many hints were shown."""
    progress, exercises = workbook.progress, workbook.exercise_set.exercises
    for exercise in exercises:
        done = RIGHT if exercise.name in progress.passed else OPEN
        remarks = []
        if hints := progress.hints.get(exercise.name):
            remarks.append(f"{hints} of {N_HINTS} hints")
        if exercise.name in progress.given_up:
            remarks.append("solution shown")
        line = f"  {done} {exercise.number:02} {exercise.statement.title:<45} {', '.join(remarks)}"
        say(line.rstrip())
    done_count = sum(exercise.name in progress.passed for exercise in exercises)
    say()
    say(f"{done_count} of {len(exercises)} are done.")
