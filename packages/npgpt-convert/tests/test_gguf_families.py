"""GGUF's names and metadata of the families, and ours: both ways."""

import numpy as np
import pytest

from npgpt_convert.conversion import from_foreign, to_foreign
from npgpt_convert.foreign import ForeignModel, Tensor
from npgpt_core import NpgptError

V, S, C, F, D, H, K = 11, 16, 12, 20, 6, 4, 2

LLAMA = {
    **{"vocab_size": V, "block_size": S, "n_layer": 2, "n_head": H, "n_kv_head": K, "n_embd": C},
    **{"n_hidden": F, "head_size": D, "norm_eps": 1e-6, "rope_theta": 5000.0, "rope_factor": 1.0},
    **{"rope_low_freq_factor": 1.0, "rope_high_freq_factor": 4.0, "rope_original_block_size": 8192},
    **{"qkv_bias": False, "qk_norm": False, "tie_embeddings": True},
}
GPT2 = {
    **{"vocab_size": V, "block_size": S, "n_layer": 2, "n_head": 3, "n_embd": C, "dropout": 0.1},
    **{"activation": "gelu", "tie_embeddings": True, "head_bias": False},
}
MEMBERS = {
    "llama": ("llama", LLAMA),
    "untied": ("llama", {**LLAMA, "tie_embeddings": False}),
    "llama3": ("llama", {**LLAMA, "rope_factor": 8.0, "rope_theta": 5e5}),
    "qwen2": ("llama", {**LLAMA, "qkv_bias": True}),
    "qwen3": ("llama", {**LLAMA, "qk_norm": True}),
    "gpt2": ("gpt", GPT2),
}


def state_of(model, options):
    """Random parameters of the names and shapes that our models have."""
    qkv = (H + 2 * K) * D
    block = {
        **{"norm_1.gamma": (C,), "attn.qkv.weight": (C, qkv), "attn.proj.weight": (H * D, C)},
        **{"norm_2.gamma": (C,), "ff.gate.weight": (C, F), "ff.up.weight": (C, F)},
        **{"ff.down.weight": (F, C)},
    }
    ends = {"token_embedding.weight": (V, C), "norm_f.gamma": (C,)}
    if model == "gpt":
        block = {
            **{"ln_1.gamma": (C,), "ln_1.beta": (C,), "ln_2.gamma": (C,), "ln_2.beta": (C,)},
            **{"attn.qkv.weight": (C, 3 * C), "attn.qkv.bias": (3 * C,)},
            **{"attn.proj.weight": (C, C), "attn.proj.bias": (C,)},
            **{"ff.expand.weight": (C, 4 * C), "ff.expand.bias": (4 * C,)},
            **{"ff.proj.weight": (4 * C, C), "ff.proj.bias": (C,)},
        }
        ends = {**ends, "position_embedding.weight": (S, C), "ln_f.beta": (C,), "ln_f.gamma": (C,)}
        del ends["norm_f.gamma"]
    if options.get("qkv_bias"):
        block["attn.qkv.bias"] = (qkv,)
    if options.get("qk_norm"):
        block |= {"attn.q_norm.gamma": (D,), "attn.k_norm.gamma": (D,)}
    if not options["tie_embeddings"]:
        ends["head.weight"] = (C, V)
    shapes = {**ends, **{f"blocks.{i}.{name}": block[name] for i in range(2) for name in block}}
    rng = np.random.default_rng(0)
    return {name: rng.normal(0, 1, shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture(params=MEMBERS)
def member(request):
    return MEMBERS[request.param]


def test_what_goes_out_comes_in_again(member):
    model, options = member
    state = state_of(model, options)
    converted = from_foreign(to_foreign("gguf", model, options, state))
    assert converted.model == model
    assert options.items() >= converted.options.items()
    assert converted.tensors.keys() == state.keys()
    for name, array in state.items():
        assert converted.tensors[name].shape == array.shape
        np.testing.assert_array_equal(converted.tensors[name].read(), array)


@pytest.mark.parametrize("name", ["llama", "qwen2", "qwen3"])
def test_the_architecture_is_named(name):
    model, options = MEMBERS[name]
    foreign = to_foreign("gguf", model, options, state_of(model, options))
    assert foreign.metadata["general.architecture"] == name
    assert foreign.metadata[f"{name}.attention.head_count_kv"] == K


@pytest.mark.parametrize(("name", "permuted"), [("llama", True), ("qwen2", False)])
def test_the_rows_of_q_and_k_are_permuted_in_llama_alone(name, permuted):
    model, options = MEMBERS[name]
    state = state_of(model, options)
    foreign = to_foreign("gguf", model, options, state)
    qkv = state["blocks.1.attn.qkv.weight"].T
    for part, heads, start in (("q", H, 0), ("k", K, H * D)):
        w = foreign.tensors[f"blk.1.attn_{part}.weight"].read()
        if permuted:
            w = w.reshape(heads, D // 2, 2, C).swapaxes(1, 2).reshape(heads * D, C)
        np.testing.assert_array_equal(w, qkv[start : start + heads * D])
    v = foreign.tensors["blk.1.attn_v.weight"].read()
    np.testing.assert_array_equal(v, qkv[(H + K) * D :])


def test_the_quotients_of_llama_3_slow_the_last_pairs_alone():
    options = {**LLAMA, "head_size": 128, "rope_theta": 500_000.0, "rope_factor": 8.0}
    foreign = to_foreign("gguf", "llama", options, {})
    quotients = foreign.tensors["rope_freqs.weight"].read()
    assert quotients.dtype == np.float32
    assert quotients.shape == (64,)
    assert set(quotients[:29]) == {1}
    assert set(quotients[35:]) == {8}
    assert (np.diff(quotients[28:36]) > 0).all()


@pytest.mark.parametrize("original", [1, 40, 8192])  # every pair is slow; some are; none is
def test_any_rotations_of_the_kind_of_llama_3_come_in_again(original):
    scaling = {"rope_factor": 2.5, "rope_low_freq_factor": 0.5, "rope_high_freq_factor": 3.0}
    options = {**LLAMA, **scaling, "rope_original_block_size": original}
    converted = from_foreign(to_foreign("gguf", "llama", options, state_of("llama", options)))
    assert converted.options.items() >= {**scaling, "rope_original_block_size": original}.items()


def changed(name, metadata=(), tensors=()):
    """A file of a member in which something is otherwise; what is None is not there."""
    model, options = MEMBERS[name]
    foreign = to_foreign("gguf", model, options, state_of(model, options))
    metadata = {**foreign.metadata, **dict(metadata)}
    arrays = {name: Tensor(array.shape, array.copy) for name, array in dict(tensors).items()}
    return ForeignModel("gguf", metadata, {**foreign.tensors, **arrays})


@pytest.mark.parametrize(
    ("reason", "name", "metadata", "tensors"),
    [
        ("'gemma' is not supported", "llama", {"general.architecture": "gemma"}, {}),
        ("rope.scaling.type 'yarn'", "llama", {"llama.rope.scaling.type": "yarn"}, {}),
        ("rope.scaling.factor 4.0", "llama", {"llama.rope.scaling.factor": 4.0}, {}),
        ("scale_linear 4.0", "llama", {"llama.rope.scale_linear": 4.0}, {}),
        ("sliding_window 4096", "llama", {"llama.attention.sliding_window": 4096}, {}),
        ("expert_count 8", "llama", {"llama.expert_count": 8}, {}),
        ("dimension_count 4", "llama", {"llama.rope.dimension_count": 4}, {}),
        ("value_length 4", "llama", {"llama.attention.value_length": 4}, {}),
        ("embedding_length is 2.5", "llama", {"llama.embedding_length": 2.5}, {}),
        ("head_count is missing", "llama", {"llama.attention.head_count": None}, {}),
        ("have 48 rows together", "llama", {"llama.attention.head_count": 2**30}, {}),
        ("head_count_kv is [2, 2]", "llama", {"llama.attention.head_count_kv": [2, 2]}, {}),
        ("feed_forward_length 30", "gpt2", {"gpt2.feed_forward_length": 30}, {}),
        ("norm_epsilon 0.5", "gpt2", {"gpt2.attention.layer_norm_epsilon": 0.5}, {}),
        ("otherwise than Llama 3", "llama", {}, {"rope_freqs.weight": np.array([1.0, 3.0, 2.0])}),
        ("factor", "llama", {}, {"rope_freqs.weight": np.full(3, np.nan)}),
        ("(2,), expected (3,)", "llama", {}, {"rope_freqs.weight": np.ones(2)}),
        (
            "of blocks.0.attn.qkv.weight have 47 rows together, expected 48",
            "llama",
            {},
            {"blk.0.attn_v.weight": np.ones((11, C))},
        ),
        ("'blk.0.ssm_a' is of no part", "llama", {}, {"blk.0.ssm_a": np.ones(3)}),
    ],
)
def test_what_we_do_not_compute_is_one_line(reason, name, metadata, tensors):
    with pytest.raises(NpgptError) as error:
        from_foreign(changed(name, metadata, tensors))
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_without_an_embedding_is_told():
    foreign = changed("llama")
    with pytest.raises(NpgptError, match=r"the tensor token_embd\.weight is missing"):
        from_foreign(ForeignModel("gguf", foreign.metadata, {}))


@pytest.mark.parametrize(
    ("model", "options", "reason"),
    [
        ("gpt", {**GPT2, "activation": "relu"}, "with gelu"),
        ("gpt", {**GPT2, "head_bias": True}, "no bias in its head"),
        ("llama", {**LLAMA, "qkv_bias": True, "qk_norm": True}, "no architecture has both"),
        ("llama", {**LLAMA, "qk_norm": True, "rope_factor": 2.0}, "of Llama alone"),
    ],
)
def test_what_llama_cpp_does_not_compute_is_one_line(model, options, reason):
    with pytest.raises(NpgptError, match=reason):
        to_foreign("gguf", model, options, {})
