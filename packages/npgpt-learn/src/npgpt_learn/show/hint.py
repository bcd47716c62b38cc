"""What ``npgpt learn hint`` prints."""

from collections.abc import Sequence

from npgpt_learn.exercise import Exercise
from npgpt_learn.show.text import paragraph, say
from npgpt_learn.statement import N_HINTS


def print_hints(exercise: Exercise, hints: Sequence[str]) -> None:
    """The hints so far, the newest last."""
    for number, hint in enumerate(hints, 1):
        say(f"Hint {number} of {N_HINTS} for {exercise.name}")
        paragraph(hint, "  ")
        say()
    if len(hints) < N_HINTS:
        say(f"One that tells more: npgpt learn hint {exercise.number}")
    else:
        say(f"There are no more. npgpt learn solution {exercise.number} --give-up shows all.")
