"""Both models beyond the contract: how they start, what positions they take, their formulas."""

import math
import re

import numpy as np
import pytest

from npgpt_core import NpgptError
from npgpt_models import GPT, Llama

T, V = 7, 11


@pytest.fixture(params=[GPT, Llama])
def model(request):
    config = request.param.Config(V, block_size=T + 1, n_layer=2, n_head=4, n_embd=24)
    return request.param(config, rng=np.random.default_rng(0), dtype=np.float64)


@pytest.mark.parametrize(
    ("kind", "options"),
    [(GPT, {}), (Llama, {"n_kv_head": 2, "qkv_bias": True, "qk_norm": True})],
)
def test_weights_start_from_002_and_residual_projections_from_less(kind, options):
    model = kind(kind.Config(690, **options), rng=np.random.default_rng(0))
    for name, array in model.parameters().items():
        if name.endswith(("proj.weight", "down.weight")):
            assert array.std() == pytest.approx(0.02 / math.sqrt(2 * 4), rel=0.02), name
        elif name.endswith("weight"):
            assert array.std() == pytest.approx(0.02, rel=0.02), name
        else:
            assert (array == name.endswith("gamma")).all(), name


def test_a_position_past_the_block_is_refused_beside_a_full_cache(model):
    model.eval()
    longest = np.zeros((1, T + 1), dtype=int)
    cache = model.new_cache(1)
    model(longest, cache)
    with pytest.raises(NpgptError, match="9 positions, but block_size is 8"):
        model(longest[:, :1], cache)


@pytest.mark.parametrize("shape", [(), (T,), (2, T, 1)])
def test_ids_that_are_no_batch_are_refused(shape, model):
    with pytest.raises(NpgptError, match=r"expected \(B, T\)"):
        model(np.zeros(shape, int))


def test_the_docstrings_of_both_passes_begin_with_a_formula(model):
    for kind in {type(module) for _, module in model.named_modules()}:
        assert re.match(r"(y\S*|u|logits) = \S", kind.__doc__), kind
        assert re.search(r"\bd\S+ \+?= \S", kind.backward.__doc__.partition("\n")[0]), kind
