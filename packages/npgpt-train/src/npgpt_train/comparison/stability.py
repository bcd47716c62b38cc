"""How fast and how smoothly a run trained, from its metrics."""

import math
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np

from npgpt_train.loop.diagnosis import NonFiniteError
from npgpt_train.run.metrics import Events, Metrics, evaluations_in, steps_in
from npgpt_train.settings.advice import stability_advice

WINDOW = 100  # steps
SPIKE = 3.0  # times the median gradient norm of the steps before


def measure(metrics: Metrics) -> dict[str, Any]:
    """Losses, spikes and jumps: a JSON object that is the same each time the run is repeated."""
    steps, evaluations = steps_in(metrics), _evaluations(metrics)
    finite = (event for event in evaluations if math.isfinite(event["val_loss"]))
    best = min(finite, key=lambda event: event["val_loss"], default=evaluations[0])
    norms = np.array([step["grad_norm"] for step in steps], np.float64)
    return {
        "steps": len(steps),
        "best_step": best["step"],
        "best_val_loss": best["val_loss"],
        "final_train_loss": evaluations[-1]["train_loss"],
        "final_val_loss": evaluations[-1]["val_loss"],
        "largest_grad_norm": float(norms.max()),
        "grad_norm_spikes": count_spikes(norms.tolist()),
        "largest_loss_jump": _largest_rise([step["loss"] for step in steps]),
        "largest_val_loss_jump": _largest_rise([event["val_loss"] for event in evaluations]),
    }


def require_finite(metrics: Metrics, lr: float) -> None:
    """Raise a ``NonFiniteError`` if a finished run never had a finite loss after its start."""
    evaluations = _evaluations(metrics)
    step, loss = evaluations[0]["step"], evaluations[0]["val_loss"]
    if not steps_in(metrics):
        raise NonFiniteError(1, "all steps were left out: none was finite", stability_advice(lr))
    if not any(math.isfinite(event["val_loss"]) for event in evaluations):
        reason = f"the validation loss of step {step} is {loss}, and no later one is finite"
        raise NonFiniteError(step, reason, stability_advice(lr))


def timing(metrics: Metrics, characters_per_token: float) -> dict[str, float]:
    """Speed and time of the steps, without evaluations and checkpoints."""
    steps = steps_in(metrics)
    rate = median(step["tokens_per_second"] for step in steps)
    return {
        "tokens_per_second": rate,
        "characters_per_second": rate * characters_per_token,
        "seconds": math.fsum(step["seconds"] for step in steps),
    }


def count_spikes(norms: list[float]) -> int:
    """Norms above ``SPIKE`` times the median of the ``WINDOW`` before; not finite counts too."""
    spikes = 0
    for i, norm in enumerate(norms):
        before = norms[max(0, i - WINDOW) : i]
        if len(before) >= 10 and not norm <= SPIKE * median(before):
            spikes += 1
    return spikes


def _largest_rise(losses: list[float]) -> float:
    """The most that a loss lies above the one before; 0 if it only falls."""
    return max([0.0, *(later - loss for loss, later in pairwise(losses))])


def _evaluations(metrics: Metrics) -> Events:
    """The evaluations after the start."""
    return [event for event in evaluations_in(metrics) if event["step"] > 0]
