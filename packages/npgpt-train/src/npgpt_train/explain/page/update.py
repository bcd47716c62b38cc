"""A step on the page: what the optimizer of a run would do with the gradients of its text."""

import math
from dataclasses import dataclass

from npgpt_core.clipping import clip_grad_norm
from npgpt_core.module import Module
from npgpt_core.types import Ids
from npgpt_train.explain.backward import norm
from npgpt_train.explain.page.recording import record
from npgpt_train.explain.step import ParameterStep, parameter_step
from npgpt_train.run.folder import Run
from npgpt_train.settings.parts import build_optimizer, build_schedule


@dataclass(frozen=True)
class Update:
    """The update that follows ``step`` steps; see ``explain.step.Step`` for what the numbers are.

    The gradients are those of the page's text, not of a batch. ``parameters`` begin with the
    largest.
    """

    step: int
    optimizer: str
    lr: float
    grad_norm: float
    grad_clip: float
    loss_after: float | None
    parameters: list[ParameterStep]


def update(run: Run, step: int, model: Module, ids: Ids, target: int) -> Update:
    """Let the optimizer update the model in place, with its state and learning rate at a step.

    Args:
        run: whose optimizer and schedule.
        step: how many are done.
        model: with the gradients of the loss.
        ids: of the text, (T,).
        target: see ``recording.record``.

    Raises:
        NpgptError: the optimizer or the schedule is not installed, or a file is damaged.
    """
    run.require_parts("optimizer", "schedule")
    optimizer = build_optimizer(run.settings, model)
    if state := run.checkpoints.load(step, model.nbytes).optimizer:
        optimizer.load_state_dict(state)
    before = model.state_dict()
    gradients = {name: norm(grad) for name, grad in model.grads().items()}
    limit = run.settings.grad_clip or math.inf
    grad_norm = clip_grad_norm(model, limit)
    optimizer.lr = build_schedule(run.settings)(step)
    optimizer.step()
    parameters = [
        parameter_step(name, before[name], gradients[name], after)
        for name, after in model.parameters().items()
    ]
    parameters.sort(key=lambda parameter: -parameter.gradient)
    return Update(
        step=step,
        optimizer=run.settings.optimizer.name,
        lr=optimizer.lr,
        grad_norm=grad_norm,
        grad_clip=run.settings.grad_clip,
        loss_after=record(model, ids, target).loss,
        parameters=parameters,
    )
