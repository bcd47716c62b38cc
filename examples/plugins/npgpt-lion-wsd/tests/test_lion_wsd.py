"""Lion and warm-up-stable-decay keep every promise, and are what their papers say."""

from pathlib import Path

import npgpt_lion_wsd
import numpy as np
import pytest
from npgpt_lion_wsd.lion import Lion
from npgpt_lion_wsd.wsd import WarmupStableDecay

from npgpt_core import Linear
from npgpt_core.testing import parametrize_with_checks


@parametrize_with_checks("optimizer", Lion)
def test_lion_contract(check):
    check()


@parametrize_with_checks("schedule", WarmupStableDecay)
def test_wsd_contract(check):
    check()


def test_lion_is_algorithm_2_of_its_paper():
    rng = np.random.default_rng(0)
    layer = Linear(3, 5, rng=rng, dtype=np.float64)
    optimizer = Lion(layer, lr=0.01, beta1=0.8, beta2=0.95, weight_decay=0.1)
    p, m = layer.weight.copy(), np.zeros((3, 5))
    for _ in range(4):
        g = rng.normal(size=(3, 5))
        layer.dweight[...] = g
        optimizer.step()
        c = 0.8 * m + 0.2 * g
        p = p - 0.01 * (np.sign(c) + 0.1 * p)
        m = 0.95 * m + 0.05 * g
        np.testing.assert_allclose(layer.weight, p)


def test_wsd_rises_stays_and_falls():
    schedule = WarmupStableDecay(lr=1.0, max_iters=100, warmup=0.1, decay=0.2)
    assert [schedule(step) for step in (0, 4, 9)] == pytest.approx([0.1, 0.5, 1.0])
    assert {schedule(step) for step in range(9, 81)} == {1.0}
    assert [schedule(step) for step in (90, 100, 500)] == pytest.approx([0.55, 0.1, 0.1])


def test_together_they_take_fewer_than_80_lines():
    files = Path(npgpt_lion_wsd.__file__).parent.glob("*.py")
    assert sum(len(file.read_text("utf-8").splitlines()) for file in files) < 80
