"""Checks for authors of layers and plugins: gradients against central differences, contracts."""

from typing import TYPE_CHECKING

from npgpt_core.lazy import lazy_names
from npgpt_core.testing.contract import CHECKED_KINDS

if TYPE_CHECKING:
    from npgpt_core.testing.commands.checks import command_checks as command_checks
    from npgpt_core.testing.contract import parametrize_with_checks as parametrize_with_checks
    from npgpt_core.testing.datasets.checks import dataset_checks as dataset_checks
    from npgpt_core.testing.gradients import GradientCheck as GradientCheck
    from npgpt_core.testing.gradients import check_gradients as check_gradients
    from npgpt_core.testing.gradients import gradient_errors as gradient_errors
    from npgpt_core.testing.gradients import numerical_gradient as numerical_gradient
    from npgpt_core.testing.layers.checks import layer_checks as layer_checks
    from npgpt_core.testing.models.checks import model_checks as model_checks
    from npgpt_core.testing.optimizers.checks import optimizer_checks as optimizer_checks
    from npgpt_core.testing.schedules.checks import schedule_checks as schedule_checks
    from npgpt_core.testing.tokenizers.checks import tokenizer_checks as tokenizer_checks

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "GradientCheck": ".gradients",
        "check_gradients": ".gradients",
        "gradient_errors": ".gradients",
        "numerical_gradient": ".gradients",
        "parametrize_with_checks": ".contract",
        **{f"{kind}_checks": f".{kind}s.checks" for kind in CHECKED_KINDS},
    },
)
