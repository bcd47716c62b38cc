"""One step of training taken apart, on a copy: what training would do next, and its effect."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

from npgpt_core.errors import NpgptError
from npgpt_core.types import Array
from npgpt_train.events import ignore
from npgpt_train.explain.backward import norm
from npgpt_train.loop.batches import require_batch_memory
from npgpt_train.loop.trainer import Trainer
from npgpt_train.loop.workers import open_workers
from npgpt_train.preparation import SIZES, prepare_existing, prepare_imported
from npgpt_train.run.folder import Run


@dataclass(frozen=True)
class ParameterStep:
    """Norms of a parameter before the step, of its gradient before clipping, and of its change.

    ``relative`` is ‖Δw‖ / ‖w‖; None of a parameter that was zero.
    """

    parameter: str
    shape: tuple[int, ...]
    weight: float
    gradient: float
    update: float
    relative: float | None


@dataclass(frozen=True)
class Step:
    """The step ``number``, counted from 1, on ``rows`` rows of ``tokens`` tokens.

    ``loss`` and ``loss_after`` are of the same batch, with the same dropout, before and after the
    update. ``grad_norm`` is the joint norm of all gradients; clipping multiplied them by ``scale``,
    which is 1 if the norm was at most ``grad_clip``, or that is 0. ``update`` is the joint norm of
    all changes, and ``relative`` the same over that of all parameters. ``parameters`` begin with
    the largest gradient.
    """

    number: int
    rows: int
    tokens: int
    loss: float
    grad_norm: float
    grad_clip: float
    scale: float
    schedule: str
    lr: float
    optimizer: str
    update: float
    relative: float | None
    loss_after: float
    parameters: list[ParameterStep]


def explain_step(
    run: Run,
    checkpoint: str = "latest",
    *,
    data: Sequence[str] = (),
    batch_size: int | None = None,
    block_size: int | None = None,
) -> Step:
    """Take the step that follows a checkpoint; nothing of the run is written.

    Args:
        run: with a text of its own, or imported.
        checkpoint: "best", "latest" or a step.
        data: of an imported run, a dataset's name or paths.
        batch_size: of an imported run, rows; 1 unless given.
        block_size: of an imported run, tokens of a row; 128 unless given, or as many as the model
            can see if they are fewer.

    Raises:
        NpgptError: a part is not installed, the data changed, no such checkpoint, a loss that is
            not finite; an imported run without ``data``, or another one with it or with a size.
    """
    step = None if checkpoint == "latest" else run.checkpoints.step_of(checkpoint)
    if run.record.is_imported and data:
        prepared = prepare_imported(run, data, ignore, batch_size, block_size)
    elif run.record.is_imported or (tuple(data), batch_size, block_size) == ((), None, None):
        prepared = prepare_existing(run, ignore, step)
    else:
        raise NpgptError(
            f"{run.folder} has a text and batches of its own, and the next one is taken: leave out"
            " `data`, `batch_size` and `block_size`"
        )
    s, settable = prepared.run.settings, SIZES[:2] if run.record.is_imported else ()
    accumulation = s.grad_accumulation * run.record.ranks  # the rows of all ranks
    s = dataclasses.replace(s, grad_accumulation=accumulation)
    require_batch_memory(s.batch_size, s.block_size, run.record.vocab_size, accumulation, settable)
    with open_workers(prepared.model, s.workers, s.batch_size) as workers:
        train, val = prepared.tokens.train, prepared.tokens.val
        trainer = Trainer(workers, prepared.optimizer, prepared.schedule, train, val, s)
        return _take(trainer, prepared.step)


def _take(trainer: Trainer, done: int) -> Step:
    """The step that training takes after ``done`` steps, and what it changes."""
    s, model = trainer.settings, trainer.workers.models[0]
    before = model.state_dict()
    trainer.optimizer.zero_grad()
    trainer.gradients(done)
    gradients = {name: norm(grad) for name, grad in model.grads().items()}
    loss, grad_norm, lr, updated = trainer.step(done)
    if not updated:
        raise NpgptError(
            f"step {done + 1} has the loss {loss} and the gradient norm {grad_norm}: training would"
            " not update with it"
        )
    parameters = [
        parameter_step(name, before[name], gradients[name], after)
        for name, after in model.parameters().items()
    ]
    update = math.hypot(*(p.update for p in parameters))
    return Step(
        number=done + 1,
        rows=trainer.rows,
        tokens=s.block_size,
        loss=loss,
        grad_norm=grad_norm,
        grad_clip=s.grad_clip,
        scale=s.grad_clip / grad_norm if 0 < s.grad_clip < grad_norm else 1.0,
        schedule=s.schedule.name,
        lr=lr,
        optimizer=s.optimizer.name,
        update=update,
        relative=_ratio(update, math.hypot(*(p.weight for p in parameters))),
        loss_after=trainer.gradients(done),
        parameters=sorted(parameters, key=lambda p: -p.gradient),
    )


def parameter_step(name: str, before: Array, gradient: float, after: Array) -> ParameterStep:
    """What an update did to a parameter whose gradient had this norm."""
    weight, update = norm(before), norm(after - before)
    return ParameterStep(name, before.shape, weight, gradient, update, _ratio(update, weight))


def _ratio(update: float, weight: float) -> float | None:
    return update / weight if weight else None
