import math
import subprocess
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from npgpt_core.errors import NpgptWarning
from npgpt_train.loop import preflight
from npgpt_train.loop.preflight import warn_if_large, warn_of_first_loss


def test_a_model_too_large_for_its_text_is_told():
    with pytest.warns(NpgptWarning, match="20 for each"):
        warn_if_large(20_000, 1_000)
    warn_if_large(10_000, 1_000)


@pytest.mark.parametrize(
    ("loss", "cause"),
    [(9.0, "too large"), (1.0, "causal"), (math.nan, "not finite"), (math.inf, "too large")],
)
def test_a_first_loss_far_from_guessing_is_told_with_its_cause(loss, cause):
    with pytest.warns(NpgptWarning, match=cause):
        warn_of_first_loss(loss, 69)


def test_a_first_loss_near_guessing_is_not():
    warn_of_first_loss(math.log(69) * 1.05, 69)


@pytest.mark.parametrize(
    ("done", "steps", "evaluations", "rank"),
    [(0, 10, 4, 0), (4, 6, 2, 0), (5, 5, 2, 0), (6, 4, 2, 0), (9, 1, 1, 1)],
)
def test_the_estimate_counts_steps_and_evaluations_that_remain(
    done, steps, evaluations, rank, monkeypatch
):
    """A step takes 5 s here, the loss of a batch 2."""
    drawn = []
    model = SimpleNamespace(num_parameters=lambda: 2000)
    workers = SimpleNamespace(loss=lambda x, y: drawn.append(len(x)), models=[model])
    settings = SimpleNamespace(
        seed=0, batch_size=3, block_size=7, max_iters=10, eval_interval=3, eval_iters=20
    )
    trainer = SimpleNamespace(
        settings=settings,
        workers=workers,
        rows=6,
        train_tokens=np.arange(100),
        processes=SimpleNamespace(rank=rank),
    )
    trainer.gradients = lambda step: drawn.append(step)
    trainer.optimizer = SimpleNamespace(zero_grad=lambda: drawn.append("zero"))
    seconds = iter([5.0, 2.0])
    monkeypatch.setattr(preflight, "_time", lambda work: work() or next(seconds))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimated = preflight.estimate(trainer, done)
    assert ["2,000 parameters for 100" in str(w.message) for w in caught] == [True] * (rank == 0)
    assert drawn == [done, done, "zero", 3]
    assert estimated.seconds == steps * 5 + evaluations * 2 * 20 * 2
    assert estimated.step_seconds == 5
    assert estimated.epochs == 6 * 7 * 10 / 100


@pytest.mark.parametrize(("share", "told"), [(0.0, False), (0.001, True)])
def test_any_unknown_token_is_told(share, told):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        preflight.warn_of_unknown_share(share)
    assert ["0.10% of the training tokens" in str(w.message) for w in caught] == [True] * told


def test_peak_memory_grows_by_what_is_taken():
    """In a process of its own, which Linux lets begin with the peak of the one that started it."""
    code = """
from npgpt_train.machine.memory import peak_memory
size = peak_memory() + 2**28
block = b"x" * size
print(peak_memory() / size)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 1 <= float(done.stdout) < 1.5
