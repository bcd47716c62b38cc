"""The public names, and where each is defined: for type checkers and for npgpt_core.lazy."""

from npgpt_learn.exercise import Exercise as Exercise
from npgpt_learn.exercise import Mistake as Mistake
from npgpt_learn.exercise_set import ExerciseSet as ExerciseSet
from npgpt_learn.marking.layer import Layer as Layer
from npgpt_learn.marking.marking import Marking as Marking

__version__: str
