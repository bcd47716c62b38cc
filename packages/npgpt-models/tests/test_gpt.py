"""The GPT: its size, its first loss, its gradients, what it sees and what it refuses."""

import dataclasses
import json
import math
import re

import numpy as np
import pytest

from npgpt_core import GELU, CrossEntropy, Dropout, NpgptError, ReLU, generate
from npgpt_core.protocols import missing_members
from npgpt_core.testing import check_gradients
from npgpt_models import GPT, GPTConfig

B, T, V = 2, 7, 11
SMALL = GPTConfig(vocab_size=V, block_size=T + 1, n_layer=2, n_head=3, n_embd=12)


def make(config=SMALL, *, dtype=np.float64, scale=1.0):
    """A model; with a scale above 1 its logits are far from uniform."""
    model = GPT(config, rng=np.random.default_rng(0), dtype=dtype)
    for array in model.parameters().values():
        array *= scale
    return model


@pytest.fixture
def ids():
    return np.random.default_rng(1).integers(0, V, (B, T))


# ---------------------------------------------------------------- the published numbers


@pytest.mark.parametrize(("vocab_size", "count"), [(69, 3_227_717), (6_551, 6_552_983)])
def test_number_of_parameters_and_first_loss(vocab_size, count):
    config = GPTConfig(vocab_size, block_size=128, n_layer=4, n_head=4, n_embd=256)
    assert config == GPTConfig(vocab_size)
    model = make(config, dtype=np.float32).eval()
    assert model.num_parameters() == count
    x, y = np.random.default_rng(0).integers(0, vocab_size, (2, 2, 128))
    assert CrossEntropy()(model(x), y) == pytest.approx(math.log(vocab_size), abs=0.1)


def test_weights_start_from_002_and_residual_projections_from_less():
    parameters = GPT(GPTConfig(69), rng=np.random.default_rng(0)).parameters()
    for name, array in parameters.items():
        if name.endswith("proj.weight"):
            assert array.std() == pytest.approx(0.02 / math.sqrt(2 * 4), rel=0.02), name
        elif name.endswith("weight"):
            assert array.std() == pytest.approx(0.02, rel=0.02), name
        else:
            assert (array == name.endswith("gamma")).all(), name


def test_the_same_rng_gives_the_same_weights():
    for one, other in zip(make().parameters().values(), make().parameters().values(), strict=True):
        np.testing.assert_array_equal(one, other)


# ---------------------------------------------------------------- gradients


@pytest.mark.parametrize("options", [{}, {"dropout": 0.2}, {"activation": "gelu"}])
def test_gradients_of_every_parameter_equal_central_differences(ids, options):
    model = make(dataclasses.replace(SMALL, **options))
    assert SMALL.n_embd // SMALL.n_head != T
    checks = check_gradients(model, ids, coordinates=12)
    assert {check.name for check in checks} == set(model.parameters())


def test_the_activation_of_every_block_is_the_one_asked_for():
    for name, kind in {"relu": ReLU, "gelu": GELU}.items():
        model = make(dataclasses.replace(SMALL, activation=name))
        assert [type(block.ff.activation) for block in model.blocks] == [kind, kind]


def test_a_forgotten_residual_gradient_is_found(ids):
    model = make()
    block = model.blocks[0]
    block.backward = lambda dx: type(block).backward(block, dx) - dx
    with pytest.raises(AssertionError, match=r"the gradient of (token|position)_embedding"):
        check_gradients(model, ids, coordinates=12)


def test_float32_stays_float32(ids):
    model = make(dtype=np.float32)
    logits = model(ids)
    assert logits.dtype == np.float32
    assert model.backward(np.ones_like(logits)) is None
    for name, grad in model.grads().items():
        assert grad.dtype == np.float32
        assert grad.any(), name


def test_replicas_of_half_a_batch_sum_to_the_whole(ids):
    model = make()
    dlogits = np.random.default_rng(2).normal(size=(B, T, V))
    halves = [model.replica() for _ in range(B)]
    for row, half in enumerate(halves):
        half(ids[row : row + 1])
        half.backward(dlogits[row : row + 1])
    model(ids)
    model.backward(dlogits)
    for name, grad in model.grads().items():
        total = sum(half.grads()[name] for half in halves)
        np.testing.assert_allclose(total, grad, rtol=1e-9, atol=1e-12)


# ---------------------------------------------------------------- what it sees


@pytest.mark.parametrize("t", range(T))
def test_changing_a_token_changes_no_logit_before_it(ids, t):
    model = make(scale=5).eval()
    before = model(ids)
    ids[:, t] = (ids[:, t] + 1) % V
    after = model(ids)
    np.testing.assert_array_equal(after[:, :t], before[:, :t])
    assert (after[:, t:] != before[:, t:]).any(axis=-1).all()


def test_a_row_does_not_depend_on_its_batch(ids):
    model = make(scale=5).eval()
    np.testing.assert_allclose(model(ids)[1], model(ids[1:])[0], rtol=1e-12)


def test_the_place_of_a_token_matters():
    model = make(scale=5).eval()
    logits = model(np.full((1, T), 3))
    assert len(np.unique(logits.round(9), axis=1)[0]) == T


@pytest.mark.parametrize("n_layer", [1, 2])
@pytest.mark.parametrize("steps", [[1] * T, [3, 1, 1, 2], [T]])
def test_logits_from_the_cache_equal_full_recomputation(ids, steps, n_layer):
    model = make(dataclasses.replace(SMALL, n_layer=n_layer), dtype=np.float32, scale=5).eval()
    cache = model.new_cache(B)
    parts = np.split(ids, np.cumsum(steps)[:-1], axis=1)
    cached = np.concatenate([model(part, cache) for part in parts], axis=1)
    np.testing.assert_allclose(cached, model(ids), atol=1e-5)


def test_generation_with_the_cache_equals_generation_without_past_the_block(ids):
    class WithoutCache:
        config = SMALL

        def __init__(self, model):
            self.forward, self.eval = model.forward, model.eval

    model = make(scale=5)
    options = {"seed": 0, "temperature": 0.8, "top_k": 8}
    cached = generate(model, ids, 3 * T, **options)
    np.testing.assert_array_equal(cached, generate(WithoutCache(model), ids, 3 * T, **options))


def test_more_positions_than_the_block_are_refused(ids):
    model = make().eval()
    longest = np.zeros((1, T + 1), dtype=int)
    assert model(longest).shape == (1, T + 1, V)
    with pytest.raises(NpgptError, match="9 positions, but block_size is 8"):
        model(np.zeros((1, T + 2), dtype=int))
    cache = model.new_cache(1)
    model(longest, cache)
    with pytest.raises(NpgptError, match="9 positions, but block_size is 8"):
        model(longest[:, :1], cache)


@pytest.mark.parametrize("shape", [(), (T,), (B, T, 1)])
def test_ids_that_are_no_batch_are_refused(shape):
    with pytest.raises(NpgptError, match=r"expected \(B, T\)"):
        make()(np.zeros(shape, int))


def test_an_id_outside_the_vocabulary_is_refused():
    with pytest.raises(IndexError, match="expected 0 to 10"):
        make()(np.array([[0, V]]))


# ---------------------------------------------------------------- training


def test_a_few_steps_of_gradient_descent_learn_a_pattern():
    model, criterion = make(dtype=np.float32), CrossEntropy()
    ids = np.tile(np.arange(4), 3)[None]
    losses = []
    for start in range(40):
        window = ids[:, start % 4 : start % 4 + T + 1]
        losses.append(criterion(model(window[:, :-1]), window[:, 1:]))
        model.zero_grad()
        model.backward(criterion.backward())
        for name, array in model.parameters().items():
            array -= 0.5 * model.grads()[name]
    assert losses[0] == pytest.approx(math.log(V), abs=0.1)
    assert losses[-1] < 0.2


def test_dropout_acts_in_training_only(ids):
    model = make(dataclasses.replace(SMALL, dropout=0.5), scale=5)
    assert sum(isinstance(module, Dropout) for _, module in model.named_modules()) == 1 + 2 * 2
    assert (model(ids) != model(ids)).any()
    model.eval()
    np.testing.assert_array_equal(model(ids), model(ids))
    np.testing.assert_array_equal(model(ids), make(scale=5).eval()(ids))


def test_a_saved_model_loads_into_a_fresh_one(ids):
    model = make(scale=5).eval()
    fresh = GPT(SMALL, rng=np.random.default_rng(9), dtype=np.float64).eval()
    assert (fresh(ids) != model(ids)).any()
    fresh.load_state_dict(model.state_dict())
    np.testing.assert_array_equal(fresh(ids), model(ids))


def test_the_docstrings_of_both_passes_begin_with_a_formula():
    for kind in {type(module) for _, module in make().named_modules()}:
        assert re.match(r"(y\S*|u|logits) = \S", kind.__doc__), kind
        assert re.search(r"\bd\S+ \+?= \S", kind.backward.__doc__.partition("\n")[0]), kind


# ---------------------------------------------------------------- config and package


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"vocab_size": 0}, "vocab_size is 0, expected a whole number of at least 1"),
        ({"block_size": -1}, "block_size is -1"),
        ({"n_layer": 0}, "n_layer is 0"),
        ({"n_head": 2.0}, "n_head is 2.0, expected a whole number"),
        ({"n_embd": "256"}, "n_embd is '256'"),
        ({"n_layer": True}, "n_layer is True"),
        ({"n_layer": 10_001}, "n_layer is 10,001, expected at most 10,000"),
        ({"n_embd": 250}, "n_embd is 250, which n_head = 4 does not divide: take n_embd = 252"),
        ({"dropout": 1.0}, "dropout is 1.0, expected at least 0 and below 1"),
        ({"dropout": -0.1}, "dropout is -0.1"),
        ({"dropout": math.nan}, "dropout is nan"),
        ({"dropout": "0.1"}, "dropout is '0.1'"),
        ({"activation": "swish"}, "activation is 'swish', expected one of relu, gelu"),
        ({"activation": ["gelu"]}, r"activation is \['gelu'\], expected one of relu, gelu"),
    ],
)
def test_a_config_out_of_range_is_named(fields, message):
    with pytest.raises(NpgptError, match=message):
        GPTConfig(**{"vocab_size": 10, **fields})
    assert GPTConfig(vocab_size=10, n_layer=10_000).n_layer == 10_000


@pytest.mark.parametrize("config", [10, {"vocab_size": 10}, GPTConfig])
def test_what_is_no_config_is_refused(config):
    with pytest.raises(NpgptError, match=r"GPT: config is .*, expected a GPTConfig"):
        GPT(config, rng=np.random.default_rng(0))


def test_the_numbers_of_numpy_are_numbers_in_a_config():
    config = GPTConfig(vocab_size=np.int64(20), n_layer=np.uint8(2), dropout=np.float32(0.5))
    assert config == GPTConfig(vocab_size=20, n_layer=2, dropout=0.5)
    assert json.loads(json.dumps(dataclasses.asdict(config)))["vocab_size"] == 20


def test_the_config_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SMALL.n_layer = 3


def test_the_class_offers_the_protocol_and_names_its_config():
    assert missing_members("model", GPT) == []
    assert GPT.Config is GPTConfig
    assert make().config is SMALL


@pytest.mark.parametrize("sizes", [(69, 128, 4, 4, 256), (7, 5, 2, 3, 6)])
def test_the_config_knows_the_number_of_parameters(sizes):
    names = ("vocab_size", "block_size", "n_layer", "n_head", "n_embd")
    config = GPTConfig(**dict(zip(names, sizes, strict=True)))
    model = GPT(config, rng=np.random.default_rng(0))
    assert config.num_parameters == model.num_parameters()
