"""GPT-2, Llama 3, SmolLM2, Qwen2 and Qwen3 against transformers, small, with random weights."""

import json

import numpy as np
import pytest

from npgpt_core import CrossEntropy, generate

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from .record_golden import PATH, golden  # noqa: E402
from .transformers_twin import CONFIGS, IDS, NEW, Twins, double  # noqa: E402

CLOSE = {"rtol": 1e-9, "atol": 1e-9}


@pytest.fixture(params=CONFIGS)
def name(request):
    return request.param


@pytest.fixture
def twins(name):
    with double():
        yield Twins(name)


def test_logits_and_every_gradient_equal_those_of_transformers(twins):
    ids, targets = IDS[:, :-1], IDS[:, 1:]
    criterion = CrossEntropy()
    logits = twins.ours(ids)
    loss = criterion(logits, targets)
    twins.ours.backward(criterion.backward())

    theirs = twins.theirs(torch.from_numpy(ids)).logits
    their_loss = torch.nn.functional.cross_entropy(
        theirs.flatten(0, 1), torch.from_numpy(targets.flatten())
    )
    their_loss.backward()
    np.testing.assert_allclose(logits, theirs.detach(), **CLOSE)
    np.testing.assert_allclose(loss, their_loss.item(), **CLOSE)
    expected = twins.their_grads()
    for name, grad in twins.ours.grads().items():
        np.testing.assert_allclose(grad, expected[name], **CLOSE, err_msg=name)


def test_the_likeliest_text_is_that_of_transformers(twins):
    ours = generate(twins.ours, IDS, NEW, temperature=0)
    np.testing.assert_array_equal(ours, twins.their_text())


def test_the_golden_values_of_the_ordinary_tests_are_those_of_transformers(name):
    recorded = json.loads(PATH.read_text("utf-8"))[name]
    given = golden(name)
    assert given.keys() == recorded.keys()
    for key, value in given.items():
        if key in ("loss", "logits", "gradient_norms"):
            assert recorded[key] == pytest.approx(value, rel=1e-9, abs=1e-12)
        else:
            assert recorded[key] == value
