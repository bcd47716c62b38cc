"""The Llama beyond the contract of models: its size, weights and options, and what it refuses."""

import dataclasses
import json
import math
import re

import numpy as np
import pytest

from npgpt_core import NpgptError
from npgpt_core.layers.rotary import RopeScaling
from npgpt_core.testing import check_gradients
from npgpt_core.testing.small import randomize
from npgpt_models import GPT, GPTConfig, Llama, LlamaConfig

B, T, V = 2, 7, 11
SMALL = LlamaConfig(V, block_size=T + 1, n_layer=2, n_head=4, n_kv_head=2, n_embd=24)
SCALED = {"rope_factor": 8.0, "rope_original_block_size": 16}
OPTIONS = [
    {},
    {"n_kv_head": 1},
    {"n_kv_head": 4},
    {"n_hidden": 5},
    {"head_size": 8},
    {"qkv_bias": True},
    {"qk_norm": True},
    {"tie_embeddings": False},
    SCALED,
]


def make(config=SMALL):
    return Llama(config, rng=np.random.default_rng(0), dtype=np.float64)


@pytest.fixture
def ids():
    return np.random.default_rng(1).integers(0, V, (B, T))


# ---------------------------------------------------------------- size and weights


@pytest.mark.parametrize(("preset", "block_size"), [("tiny", 32), ("quick", 128), ("full", 128)])
def test_a_preset_has_as_many_numbers_as_the_gpt_of_its_name(preset, block_size):
    gpt = GPTConfig(69, block_size, **GPT.presets.get(preset, {}))
    llama = LlamaConfig(69, block_size, **Llama.presets[preset])
    assert llama.num_parameters == pytest.approx(gpt.num_parameters, rel=0.01)


def test_sizes_that_are_not_given_follow_from_the_others():
    config = LlamaConfig(V, n_head=9, n_embd=576)
    assert (config.n_kv_head, config.head_size, config.n_hidden) == (9, 64, 1536)


def test_the_sizes_of_smollm2_135m_make_its_number_of_parameters():
    config = LlamaConfig(49_152, 8192, n_layer=30, n_head=9, n_kv_head=3, n_embd=576)
    assert config.num_parameters == 134_515_008


@pytest.mark.parametrize("options", OPTIONS)
def test_the_config_knows_the_number_of_parameters(options):
    config = dataclasses.replace(SMALL, **options)
    assert config.num_parameters == make(config).num_parameters()


def test_the_names_of_the_parameters():
    options = {"qkv_bias": True, "qk_norm": True, "tie_embeddings": False}
    assert list(make(dataclasses.replace(SMALL, n_layer=1, **options)).parameters()) == [
        "token_embedding.weight",
        "blocks.0.norm_1.gamma",
        "blocks.0.attn.qkv.weight",
        "blocks.0.attn.qkv.bias",
        "blocks.0.attn.q_norm.gamma",
        "blocks.0.attn.k_norm.gamma",
        "blocks.0.attn.proj.weight",
        "blocks.0.norm_2.gamma",
        "blocks.0.ff.gate.weight",
        "blocks.0.ff.up.weight",
        "blocks.0.ff.down.weight",
        "norm_f.gamma",
        "head.weight",
    ]


# ---------------------------------------------------------------- options


@pytest.mark.parametrize("options", OPTIONS)
def test_every_option_has_its_right_gradients(ids, options):
    check_gradients(randomize(make(dataclasses.replace(SMALL, **options))), ids, coordinates=6)


@pytest.mark.parametrize(
    "options",
    [{"rope_theta": 5.0}, SCALED, {**SCALED, "rope_low_freq_factor": 2.0}, {"norm_eps": 1e-2}],
)
def test_options_without_parameters_change_the_logits(ids, options):
    one, other = (randomize(make(c)) for c in (SMALL, dataclasses.replace(SMALL, **options)))
    assert abs(one(ids) - other(ids)).max() > 1e-6


def test_what_is_not_given_of_the_scaling_is_as_in_llama_3():
    assert LlamaConfig(V).rope_scaling is None
    scaling = LlamaConfig(V, rope_factor=8).rope_scaling
    assert scaling == RopeScaling(8.0) == RopeScaling(8.0, 1.0, 4.0, 8192)


def test_only_the_distance_of_two_tokens_matters():
    model = randomize(make(dataclasses.replace(SMALL, n_layer=1))).eval()
    weights = model.blocks[0].attn.attention_weights(np.ones((1, T, 24)))
    scores = np.log(weights[0, :, -1, -2:])
    earlier = np.log(weights[0, :, -2, -3:-1])
    np.testing.assert_allclose(np.diff(scores), np.diff(earlier), rtol=1e-9)


def test_the_cache_holds_only_the_heads_of_keys_and_values():
    model = make().eval()
    cache = model.new_cache(3)
    model(np.zeros((3, 1), int), cache)
    assert cache[0].append(*np.zeros((2, 3, 2, 1, 6)))[0].shape == (3, 2, 2, 6)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"vocab_size": 0}, "vocab_size is 0, expected a whole number of at least 1"),
        ({"n_layer": 10_001}, "n_layer is 10,001, expected at most 10,000"),
        ({"n_embd": 250}, "n_head = 4 does not divide: take n_embd = 252, or give head_size"),
        ({"n_kv_head": 3}, "n_kv_head is 3, expected a divisor of n_head = 4"),
        ({"n_kv_head": 0}, "n_kv_head is 0, expected a whole number of at least 1"),
        ({"n_hidden": 1.5}, "n_hidden is 1.5, expected a whole number"),
        ({"head_size": "64"}, "head_size is '64', expected a whole number"),
        ({"head_size": 9}, "head_size is 9, expected an even number"),
        ({"n_embd": 12}, "head_size is 3, expected an even number"),
        ({"norm_eps": -1}, "norm_eps is -1, expected at least 0 and finite"),
        ({"rope_theta": math.inf}, "rope_theta is inf, expected at least 1 and finite"),
        ({"rope_factor": 0.5}, "rope_factor is 0.5, expected at least 1"),
        ({"rope_original_block_size": 0}, "rope_original_block_size is 0"),
        ({"rope_low_freq_factor": -1}, "rope_low_freq_factor is -1, expected at least 0"),
        (
            {"rope_low_freq_factor": 4},
            "rope_high_freq_factor is 4.0, expected more than rope_low_freq_factor = 4.0",
        ),
        ({"qkv_bias": 1}, "qkv_bias is 1, expected true or false"),
        ({"qk_norm": None}, "qk_norm is None, expected true or false"),
        ({"tie_embeddings": "yes"}, "tie_embeddings is 'yes', expected true or false"),
    ],
)
def test_a_config_out_of_range_is_named(fields, message):
    with pytest.raises(NpgptError, match=re.escape(message)):
        LlamaConfig(**{"vocab_size": 10, **fields})


@pytest.mark.parametrize("config", [10, GPTConfig(10), LlamaConfig])
def test_what_is_no_config_is_refused(config):
    with pytest.raises(NpgptError, match=r"Llama: config is .*, expected a LlamaConfig"):
        Llama(config, rng=np.random.default_rng(0))


def test_the_numbers_of_numpy_are_numbers_in_a_config():
    config = LlamaConfig(np.int64(20), n_kv_head=np.uint8(2), rope_theta=np.float32(500))
    assert config == LlamaConfig(20, n_kv_head=2, rope_theta=500.0)
    assert json.loads(json.dumps(dataclasses.asdict(config)))["rope_theta"] == 500
