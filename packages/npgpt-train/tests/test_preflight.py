import math
import subprocess
import sys

import pytest

from npgpt_core.errors import NpgptWarning
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


def test_peak_memory_grows_by_what_is_taken():
    """In a process of its own, which Linux lets begin with the peak of the one that started it."""
    code = """
from npgpt_train.memory import peak_memory
size = peak_memory() + 2**28
block = b"x" * size
print(peak_memory() / size)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 1 <= float(done.stdout) < 1.5
