"""The sentences of a page that hold for all of its texts."""

from collections.abc import Mapping, Sequence
from typing import Any

from npgpt_train.explain.page.update import Update
from npgpt_train.formatting import compact, number


def summary(
    model: str,
    size: int,
    step: int,
    seen: int,
    left_out: int,
    *,
    has_weights: bool,
    unknown: Sequence[str],
) -> str:
    """What the page is of, and what it can do.

    Args:
        model: its class.
        size: the number of its parameters.
        step: how many are done.
        seen: tokens of the text that the model sees.
        left_out: tokens before them.
        has_weights: whether they are in the page.
        unknown: classes of modules that the page has no code for.
    """
    does = "The page holds the weights and computes every number itself, for any text."
    if not has_weights or unknown:
        reason = "the weights are too large for a page"
        if has_weights:
            reason = f"it has no code of its own for {', '.join(unknown)}"
        does = f"The page shows what NumPy computed for one text, because {reason}."
    said = f"{model}, {number(size)} parameters, after {number(step)} steps. {does}"
    if left_out:
        said += f" The model sees the last {seen} tokens; {left_out} before them are left out."
    return said


def text_note(data: Mapping[str, Any], tokenizer: str) -> str | None:
    """Why the page takes no other text; None where it does."""
    if not data["computable"]:
        lacks = "code for every module" if data["weights"] else "the weights"
        return f"Another text takes {lacks}, which this page does not have."
    return None if data["encoder"] else f"This page does not know the tokenizer {tokenizer}."


def step_lead(update: Update | None, loss: float | None) -> str:
    """What the optimizer would do with the gradients of the page's first text."""
    if loss is None:
        return "A text of one token has no loss, so there is no step."
    if update is None:
        return (
            "This run was not trained by npgpt, so it has no optimizer;"
            " a run that begins with its weights has one."
        )
    scale = min(update.grad_clip / update.grad_norm, 1) if update.grad_clip else 1
    clipped = f", so clipping multiplies them by {compact(scale)}" if scale < 1 else ""
    return (
        f"What {update.optimizer} would do with the gradients of this page's first text, as step"
        f" {number(update.step + 1)} of the run, at a learning rate of {compact(update.lr, 5)}. All"
        f" gradients together have the norm {compact(update.grad_norm)}{clipped}. The largest"
        " gradient comes first. The loss would go from"
        f" {compact(loss, 4)} to {compact(update.loss_after, 4)}."
    )
