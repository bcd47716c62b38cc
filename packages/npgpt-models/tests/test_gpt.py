"""The GPT beyond the contract of models: its size, its weights, its parts and what it refuses."""

import dataclasses
import json
import math

import numpy as np
import pytest

from npgpt_core import GELU, CrossEntropy, Dropout, NpgptError, ReLU, generate
from npgpt_core.testing import check_gradients
from npgpt_models import GPT, GPTConfig

B, T, V = 2, 7, 11
HEADS = [
    {"tie_embeddings": tied, "head_bias": bias} for tied in (False, True) for bias in (False, True)
]
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
def test_number_of_parameters(vocab_size, count):
    config = GPTConfig(vocab_size, block_size=128, n_layer=4, n_head=4, n_embd=256)
    assert config == GPTConfig(vocab_size)
    assert make(config, dtype=np.float32).num_parameters() == count


@pytest.mark.parametrize(
    ("preset", "block_size", "count"), [("tiny", 32, 30_981), ("quick", 128, 827_461)]
)
def test_number_of_parameters_of_the_presets(preset, block_size, count):
    assert GPTConfig(69, block_size, **GPT.presets[preset]).num_parameters == count


# ---------------------------------------------------------------- gradients


@pytest.mark.parametrize(("name", "kind"), [("relu", ReLU), ("gelu", GELU)])
def test_the_activation_of_every_block_is_the_one_asked_for(ids, name, kind):
    model = make(dataclasses.replace(SMALL, activation=name))
    assert [type(block.ff.activation) for block in model.blocks] == [kind, kind]
    check_gradients(model, ids, coordinates=12)


@pytest.mark.parametrize("head", HEADS)
def test_the_head_is_the_one_asked_for(ids, head):
    model = make(dataclasses.replace(SMALL, **head))
    assert ("head.weight" in model.parameters()) == (not head["tie_embeddings"])
    assert ("head.bias" in model.parameters()) == head["head_bias"]
    check_gradients(model, ids, coordinates=12)


def test_a_forgotten_residual_gradient_is_found(ids):
    model = make()
    block = model.blocks[0]
    block.backward = lambda dx: type(block).backward(block, dx) - dx
    with pytest.raises(AssertionError, match=r"the gradient of (token|position)_embedding"):
        check_gradients(model, ids, coordinates=12)


# ---------------------------------------------------------------- what it sees


def test_the_place_of_a_token_matters():
    model = make(scale=5).eval()
    logits = model(np.full((1, T), 3))
    assert len(np.unique(logits.round(9), axis=1)[0]) == T


def test_generation_with_the_cache_equals_generation_without_past_the_block(ids):
    class WithoutCache:
        config = SMALL

        def __init__(self, model):
            self.forward, self.eval = model.forward, model.eval

    model = make(scale=5)
    options = {"seed": 0, "temperature": 0.8, "top_k": 8}
    cached = generate(model, ids, 3 * T, **options)
    np.testing.assert_array_equal(cached, generate(WithoutCache(model), ids, 3 * T, **options))


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


def test_dropout_stands_after_the_embeddings_and_after_every_branch(ids):
    model = make(dataclasses.replace(SMALL, dropout=0.5))
    assert sum(isinstance(module, Dropout) for _, module in model.named_modules()) == 1 + 2 * 2
    assert (model(ids) != model(ids)).any()


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
        ({"tie_embeddings": 1}, "tie_embeddings is 1, expected true or false"),
        ({"head_bias": "no"}, "head_bias is 'no', expected true or false"),
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


@pytest.mark.parametrize("sizes", [(69, 128, 4, 4, 256), (7, 5, 2, 3, 6)])
@pytest.mark.parametrize("head", HEADS)
def test_the_config_knows_the_number_of_parameters(sizes, head):
    names = ("vocab_size", "block_size", "n_layer", "n_head", "n_embd")
    config = GPTConfig(**dict(zip(names, sizes, strict=True)), **head)
    model = GPT(config, rng=np.random.default_rng(0))
    assert config.num_parameters == model.num_parameters()
