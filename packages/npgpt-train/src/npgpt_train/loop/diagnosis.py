"""Where numbers that are not finite came from, and what usually helps."""

from collections.abc import Callable
from typing import Any

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.module import Module
from npgpt_core.tracing import tracing
from npgpt_train.settings.advice import stability_advice


class NonFiniteError(NpgptError):
    """A loss or gradient that is not finite; nothing was updated with it.

    Args:
        step: its number, from 1.
        reason: what was not finite, and where that began.
        advice: what to do.
    """

    def __init__(self, step: int, reason: str, advice: str) -> None:
        super().__init__(f"{reason}. {advice}")
        self.step, self.reason, self.advice = step, reason, advice


def first_not_finite(model: Module, work: Callable[[], Any]) -> str | None:
    """What first held a number that is not finite while ``work`` ran the model; None if nothing.

    Parameters are looked at before, outputs and gradients of modules meanwhile, others after.
    """
    for name, array in model.parameters().items():
        if not np.isfinite(array).all():
            return f"the parameter {name}"
    found: list[str] = []

    def watch(what: str) -> Callable[[str, Module, tuple[Any, ...], Any], None]:
        def look(name: str, module: Module, inputs: tuple[Any, ...], output: Any) -> None:
            if not found and output is not None and not np.isfinite(output).all():
                found.append(f"the {what} of {name or 'the model'} ({type(module).__name__})")

        return look

    with tracing(model, forward=watch("output"), backward=watch("gradient")):
        work()
    if not found:
        found += [
            f"the gradient of {name}"
            for name, grad in model.grads().items()
            if not np.isfinite(grad).all()
        ]
    return found[0] if found else None


def non_finite_error(
    step: int, what: str, value: float, where: str | None, lr: float, skipped: int
) -> NonFiniteError:
    """The error of a step, counted from 1, ``what`` of which ("loss", "gradient") is not finite.

    ``skipped`` steps before it were such, and left out; ``lr`` is the highest of the run.
    """
    origin = f"; the first such number is in {where}" if where else ""
    skipping = (
        f"{skipped} steps before it were left out, which does not help any more"
        if skipped
        else 'training with `on_nan="skip"` leaves such steps out'
    )
    return NonFiniteError(
        step,
        f"the {what} of step {step} is {value}{origin}",
        f"Nothing was updated with it. {stability_advice(lr)}; {skipping}",
    )
