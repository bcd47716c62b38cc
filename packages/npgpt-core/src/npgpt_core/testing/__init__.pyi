"""The public names, and where each is defined: for type checkers and for npgpt_core.lazy."""

from npgpt_core.testing.commands.checks import command_checks as command_checks
from npgpt_core.testing.contract import parametrize_with_checks as parametrize_with_checks
from npgpt_core.testing.datasets.checks import dataset_checks as dataset_checks
from npgpt_core.testing.exercises.checks import exercise_checks as exercise_checks
from npgpt_core.testing.gradients import GradientCheck as GradientCheck
from npgpt_core.testing.gradients import check_gradients as check_gradients
from npgpt_core.testing.gradients import gradient_errors as gradient_errors
from npgpt_core.testing.gradients import numerical_gradient as numerical_gradient
from npgpt_core.testing.layers.checks import layer_checks as layer_checks
from npgpt_core.testing.models.checks import model_checks as model_checks
from npgpt_core.testing.observers.checks import observer_checks as observer_checks
from npgpt_core.testing.optimizers.checks import optimizer_checks as optimizer_checks
from npgpt_core.testing.schedules.checks import schedule_checks as schedule_checks
from npgpt_core.testing.tokenizers.checks import tokenizer_checks as tokenizer_checks
