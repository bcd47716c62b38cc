"""What a run will take, measured before its first step, and what looks wrong with it."""

import math
import time
from collections.abc import Callable
from typing import Any

from npgpt_core.errors import warn
from npgpt_core.events import Estimated
from npgpt_train.loop.batches import draw_batch
from npgpt_train.loop.randomness import Purpose, generator
from npgpt_train.loop.trainer import Trainer
from npgpt_train.machine.memory import peak_memory

LARGE = 10  # parameters for each training token
MAX_DEVIATION = 0.1  # of ln V


def estimate(trainer: Trainer, step: int) -> Estimated:
    """Time and memory of the steps that remain after ``step``.

    The gradients of one batch and the loss of another are computed and thrown away; the time of the
    optimizer, a few percent, is not in it. Changes nothing that training depends on.

    Rank 0 warns of a model that will learn its text by heart.
    """
    s = trainer.settings
    if trainer.processes.rank == 0:
        warn_if_large(trainer.workers.models[0].num_parameters(), len(trainer.train_tokens))
    trainer.gradients(step)  # the first one also fills caches and takes memory
    step_seconds = _time(lambda: trainer.gradients(step))
    trainer.optimizer.zero_grad()
    rng = generator(s.seed, Purpose.EVALUATION, step)
    x, y = draw_batch(trainer.train_tokens, s.batch_size, s.block_size, rng)
    batch_seconds = _time(lambda: trainer.workers.loss(x, y))
    remaining = s.max_iters - step
    evaluations = -(-remaining // s.eval_interval)
    return Estimated(
        seconds=remaining * step_seconds + evaluations * 2 * s.eval_iters * batch_seconds,
        step_seconds=step_seconds,
        memory=peak_memory(),
        epochs=trainer.rows * s.block_size * s.max_iters / len(trainer.train_tokens),
    )


def _time(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def warn_if_large(parameters: int, train_tokens: int) -> None:
    """Warn of a model that will learn its text by heart."""
    ratio = parameters / train_tokens
    if ratio > LARGE:
        warn(
            f"{parameters:,} parameters for {train_tokens:,} training tokens, {ratio:.0f} for each:"
            " the model can learn the text by heart, and its validation loss will rise again early."
            " More text, a smaller model or `model.dropout=0.2` help"
        )


def warn_of_unknown_share(share: float) -> None:
    """Warn of a text whose tokens are partly ``<unk>`` to a tokenizer that was there before it."""
    if share > 0:
        warn(
            f"{share:.2%} of the training tokens are unknown to the tokenizer, which was trained on"
            " another text: the model reads and learns <unk> instead. A new run whose tokenizer is"
            " trained on this text has a vocabulary for it"
        )


def warn_of_first_loss(first_loss: float, vocab_size: int) -> None:
    """Warn of a loss before the first step that is far from ln V, that of guessing evenly."""
    guessing = math.log(vocab_size)
    if abs(first_loss - guessing) <= MAX_DEVIATION * guessing:
        return
    if first_loss > guessing:
        cause = "the initial weights or the scale of the logits are too large"
    elif first_loss < guessing:
        cause = "the model sees the tokens that it should predict: is its attention causal?"
    else:
        cause = "a layer computes numbers that are not finite, or its weights start so"
    warn(
        f"the first loss is {first_loss:.3f}, that of guessing is ln {vocab_size:,} ="
        f" {guessing:.3f}: most likely {cause}"
    )
