import math

import pytest

from npgpt_core.errors import NpgptWarning
from npgpt_train.memory import peak_memory
from npgpt_train.preflight import warn_if_large, warn_if_odd


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
        warn_if_odd(loss, 69)


def test_a_first_loss_near_guessing_is_not():
    warn_if_odd(math.log(69) * 1.05, 69)


def test_peak_memory_is_that_of_this_process():
    before = peak_memory()
    block = bytearray(200 * 2**20)
    block[:: 2**12] = b"x" * len(block[:: 2**12])
    assert peak_memory() >= min(before, 10 * 2**20)
    assert 10 * 2**20 < peak_memory() < 100 * 2**30
