"""The path from a derivative to a GPT: npgpt's own exercises."""

from pathlib import Path

from npgpt_learn.exercise_set import ExerciseSet

PATH = ExerciseSet(Path(__file__).parent)
