"""GPT-2, Llama 3, SmolLM2, Qwen2 and Qwen3 compute what transformers computed, without it.

``tests/parity/record_golden.py`` wrote the numbers; there every gradient is compared, not its norm.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from npgpt_core import CrossEntropy, generate
from npgpt_core.testing.small import randomize
from npgpt_models import GPT, Llama

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text("utf-8"))
MODELS = {"gpt": GPT, "llama": Llama}


@pytest.fixture(params=GOLDEN)
def golden(request):
    return GOLDEN[request.param]


@pytest.fixture
def model(golden):
    model = MODELS[golden["model"]]
    config = model.Config(**golden["options"])
    return randomize(model(config, rng=np.random.default_rng(0), dtype=np.float64))


def test_the_loss_the_logits_and_the_gradients(golden, model):
    ids, criterion = np.array(golden["ids"]), CrossEntropy()
    logits = model(ids[:, :-1])
    assert criterion(logits, ids[:, 1:]) == pytest.approx(golden["loss"], rel=1e-9)
    model.backward(criterion.backward())
    np.testing.assert_allclose(logits[0, -1], golden["logits"], rtol=1e-9, atol=1e-9)
    norms = {name: np.linalg.norm(grad) for name, grad in model.grads().items()}
    assert norms == pytest.approx(golden["gradient_norms"], rel=1e-9)


def test_the_likeliest_text(golden, model):
    ids, new = np.array(golden["ids"]), golden["continued"]
    np.testing.assert_array_equal(
        generate(model, ids, len(new[0]), temperature=0)[:, ids.shape[1] :], new
    )
