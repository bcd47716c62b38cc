"""Folders of Hugging Face: what is read of them, what is written, and what is refused."""

import json
import os

import numpy as np
import pytest
import safetensors.numpy

from npgpt_convert.conversion import from_foreign, to_foreign
from npgpt_convert.foreign import ForeignModel, Tensor
from npgpt_convert.formats.huggingface.reader import read_model
from npgpt_convert.formats.huggingface.writer import write_model
from npgpt_core import NpgptError
from npgpt_train.machine.disk import Folder

V, T, L, H, C = 11, 8, 2, 2, 4

GPT2 = {
    **{"model_type": "gpt2", "vocab_size": V, "n_positions": T},
    **{"n_embd": C, "n_layer": L, "n_head": H},
}
LLAMA = {
    **{"model_type": "llama", "vocab_size": V, "hidden_size": C, "intermediate_size": 6},
    **{"num_hidden_layers": L, "num_attention_heads": H, "num_key_value_heads": 1},
    **{"max_position_embeddings": T, "tie_word_embeddings": True},
}
GPT = {
    **{"vocab_size": V, "block_size": T, "n_layer": L, "n_head": H, "n_embd": C, "dropout": 0.1},
    **{"activation": "gelu", "tie_embeddings": True, "head_bias": False},
}
OURS = {
    **{"vocab_size": V, "block_size": T, "n_layer": L, "n_head": H, "n_kv_head": 1, "n_embd": C},
    **{"n_hidden": 6, "head_size": 2, "norm_eps": 1e-5, "rope_theta": 500.0, "rope_factor": 1.0},
    **{"rope_low_freq_factor": 1.0, "rope_high_freq_factor": 4.0, "rope_original_block_size": T},
    **{"qkv_bias": False, "qk_norm": False, "tie_embeddings": True},
}
RNG = np.random.default_rng(0)


def gpt_shapes(options):
    c = options["n_embd"]
    shapes = {"token_embedding.weight": (V, c), "position_embedding.weight": (T, c)}
    for i in range(options["n_layer"]):
        for name, shape in {
            **{"ln_1.gamma": (c,), "ln_1.beta": (c,), "ln_2.gamma": (c,), "ln_2.beta": (c,)},
            **{"attn.qkv.weight": (c, 3 * c), "attn.qkv.bias": (3 * c,)},
            **{"attn.proj.weight": (c, c), "attn.proj.bias": (c,)},
            **{"ff.expand.weight": (c, 4 * c), "ff.expand.bias": (4 * c,)},
            **{"ff.proj.weight": (4 * c, c), "ff.proj.bias": (c,)},
        }.items():
            shapes[f"blocks.{i}.{name}"] = shape
    shapes |= {"ln_f.gamma": (c,), "ln_f.beta": (c,)}
    return shapes if options["tie_embeddings"] else {**shapes, "head.weight": (c, V)}


def llama_shapes(options):
    c, d, f = options["n_embd"], options["head_size"], options["n_hidden"]
    qkv = (options["n_head"] + 2 * options["n_kv_head"]) * d
    shapes = {"token_embedding.weight": (V, c)}
    for i in range(options["n_layer"]):
        block = {
            **{"norm_1.gamma": (c,), "norm_2.gamma": (c,), "attn.qkv.weight": (c, qkv)},
            **{"attn.proj.weight": (options["n_head"] * d, c)},
            **{"ff.gate.weight": (c, f), "ff.up.weight": (c, f), "ff.down.weight": (f, c)},
        }
        block |= {"attn.qkv.bias": (qkv,)} if options["qkv_bias"] else {}
        if options["qk_norm"]:
            block |= {"attn.q_norm.gamma": (d,), "attn.k_norm.gamma": (d,)}
        shapes |= {f"blocks.{i}.{name}": shape for name, shape in block.items()}
    shapes["norm_f.gamma"] = (c,)
    return shapes if options["tie_embeddings"] else {**shapes, "head.weight": (c, V)}


def random_state(shapes):
    return {name: RNG.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def foreign(model, options, state):
    return to_foreign("huggingface", model, options, state)


CASES = {
    "gpt2": ("gpt", GPT),
    "gpt2, untied, relu": ("gpt", {**GPT, "tie_embeddings": False, "activation": "relu"}),
    "llama": ("llama", OURS),
    "llama 3": ("llama", {**OURS, "rope_factor": 8.0, "rope_theta": 5e5, "tie_embeddings": False}),
    "qwen2": ("llama", {**OURS, "qkv_bias": True}),
    "qwen3": ("llama", {**OURS, "qk_norm": True, "head_size": 6}),
}


@pytest.fixture(params=CASES)
def case(request):
    model, options = CASES[request.param]
    shapes = (gpt_shapes if model == "gpt" else llama_shapes)(options)
    return model, options, random_state(shapes)


def test_what_goes_out_comes_in_again_bit_for_bit(case, tmp_path):
    model, options, state = case
    write_model(Folder(tmp_path), foreign(model, options, state))
    converted = from_foreign(read_model(tmp_path))
    assert converted.model == model
    expected = {name: value for name, value in options.items() if name != "dropout"}
    assert {**expected, **converted.options} == expected
    assert converted.parameters == sum(array.size for array in state.values())
    assert converted.tensors.keys() == state.keys()
    for name, tensor in converted.tensors.items():
        assert tensor.shape == state[name].shape
        np.testing.assert_array_equal(tensor.read(), state[name])


def test_matrices_of_llama_are_turned_and_those_of_gpt2_are_not():
    state = random_state(gpt_shapes(GPT))
    theirs = foreign("gpt", GPT, state).tensors
    fused = theirs["transformer.h.1.attn.c_attn.weight"].read()
    np.testing.assert_array_equal(fused, state["blocks.1.attn.qkv.weight"])

    state = random_state(llama_shapes(OURS))
    theirs = foreign("llama", OURS, state).tensors
    qkv = state["blocks.1.attn.qkv.weight"]
    for part, columns in {"q": slice(0, 4), "k": slice(4, 6), "v": slice(6, 8)}.items():
        matrix = theirs[f"model.layers.1.self_attn.{part}_proj.weight"].read()
        np.testing.assert_array_equal(matrix, qkv[:, columns].T)


# ---------------------------------------------------------------- names and what may be absent


def tensors_of(state):
    return {name: Tensor(array.shape, lambda array=array: array) for name, array in state.items()}


def test_a_prefix_may_be_missing_and_buffers_are_no_weights():
    theirs = foreign("gpt", GPT, random_state(gpt_shapes(GPT)))
    bare = {name.removeprefix("transformer."): tensor for name, tensor in theirs.tensors.items()}
    mask = {f"h.{i}.attn.{name}": Tensor((1,), list) for i in range(L) for name in ("bias",)}
    mask |= {"transformer.h.0.attn.masked_bias": Tensor((), list)}
    converted = from_foreign(ForeignModel("huggingface", theirs.metadata, {**bare, **mask}))
    assert converted.tensors.keys() == gpt_shapes(GPT).keys()

    theirs = foreign("llama", OURS, random_state(llama_shapes(OURS)))
    bare = {name.removeprefix("model."): tensor for name, tensor in theirs.tensors.items()}
    bare["layers.0.self_attn.rotary_emb.inv_freq"] = Tensor((1,), list)
    converted = from_foreign(ForeignModel("huggingface", theirs.metadata, bare))
    assert converted.tensors.keys() == llama_shapes(OURS).keys()


def test_a_tied_head_may_be_written_all_the_same():
    theirs = foreign("llama", OURS, random_state(llama_shapes(OURS)))
    tensors = {**theirs.tensors, "lm_head.weight": theirs.tensors["model.embed_tokens.weight"]}
    converted = from_foreign(ForeignModel("huggingface", theirs.metadata, tensors))
    assert "head.weight" not in converted.tensors


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model.layers.0.mlp.bias": (4,)}, "'model.layers.0.mlp.bias' is of no part"),
        ({"score.weight": (4, 4)}, "'score.weight' is of no part"),
        ({"model.layers.1.self_attn.v_proj.weight": None}, "layers.1.self_attn.v_proj.* missing"),
        ({"model.layers.0.self_attn.k_proj.weight": (2, 5)}, "do not fit together"),
        ({"model.layers.0.self_attn.k_proj.weight": ()}, "do not fit together"),
    ],
)
def test_tensors_that_do_not_make_the_model_are_named(change, told):
    theirs = foreign("llama", OURS, random_state(llama_shapes(OURS)))
    tensors = {**theirs.tensors, **{k: s and Tensor(s, list) for k, s in change.items()}}
    tensors |= {k: Tensor(s, list) for k, s in change.items() if s == ()}
    given = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    with pytest.raises(NpgptError, match=told):
        from_foreign(ForeignModel("huggingface", theirs.metadata, given))


# ------------------------------------------------------------------------------ config.json


def options_of(config, tensors=()):
    theirs = ForeignModel("huggingface", config, dict.fromkeys(tensors))
    return dict(from_foreign(theirs).options)


def test_what_a_config_leaves_out_is_what_its_class_has():
    assert options_of(GPT2) == {
        **{"vocab_size": V, "block_size": T, "n_layer": L, "n_head": H, "n_embd": C},
        **{"activation": "gelu", "tie_embeddings": True, "head_bias": False},
    }
    small = {**LLAMA, "num_key_value_heads": None, "tie_word_embeddings": None}
    found = options_of(small)
    assert (found["n_kv_head"], found["head_size"], found["norm_eps"]) == (H, C // H, 1e-6)
    assert (found["rope_theta"], found["tie_embeddings"]) == (10_000.0, False)
    assert options_of({**LLAMA, "model_type": "qwen3"})["head_size"] == 128


LLAMA3 = {
    **{"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0},
    "original_max_position_embeddings": 8192,
}


@pytest.mark.parametrize(
    ("of_4", "of_5"),
    [
        ({"rope_theta": 5e5}, {"rope_parameters": {"rope_theta": 5e5, "rope_type": "default"}}),
        (
            {"rope_theta": 5e5, "rope_scaling": LLAMA3, "torch_dtype": "bfloat16"},
            {"rope_parameters": {**LLAMA3, "rope_theta": 5e5}, "dtype": "bfloat16"},
        ),
        ({"rope_scaling": None}, {"rope_parameters": {"rope_type": "default"}}),
    ],
)
def test_rotations_are_read_in_the_words_of_transformers_4_and_5(of_4, of_5):
    assert options_of({**LLAMA, **of_4}) == options_of({**LLAMA, **of_5})


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"model_type": "mamba"}, "model_type 'mamba' is not supported: 'gpt2' or 'llama' or"),
        ({}, "model_type is missing"),
        ({**GPT2, "activation_function": "gelu"}, "activation_function 'gelu' is not supported"),
        ({**GPT2, "scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx true"),
        ({**GPT2, "scale_attn_weights": False}, "scale_attn_weights false is not supported"),
        ({**GPT2, "n_inner": 5}, "n_inner 5 is not supported: 16 is"),
        ({**GPT2, "layer_norm_epsilon": 1e-6}, "layer_norm_epsilon 1e-06 is not supported: 1e-05"),
        ({**GPT2, "add_cross_attention": True}, "add_cross_attention true"),
        ({**GPT2, "n_layer": 0}, "n_layer is 0, expected a whole number from 1"),
        ({**GPT2, "n_layer": 2**40}, "n_layer is 1099511627776, expected"),
        ({**GPT2, "n_embd": "4"}, "n_embd is '4', expected"),
        ({**GPT2, "vocab_size": None}, "vocab_size is missing"),
        ({**LLAMA, "hidden_act": "gelu"}, "hidden_act 'gelu' is not supported: 'silu' is"),
        ({**LLAMA, "attention_bias": True}, "attention_bias true is not supported: false is"),
        ({**LLAMA, "mlp_bias": True}, "mlp_bias true is not supported: false is"),
        ({**LLAMA, "rms_norm_eps": -1}, "rms_norm_eps is -1, expected a finite number above 0"),
        ({**LLAMA, "tie_word_embeddings": 1}, "tie_word_embeddings is 1, expected true or false"),
        ({**LLAMA, "partial_rotary_factor": 0.5}, "partial_rotary_factor 0.5 is not supported"),
        ({**LLAMA, "rope_scaling": {"type": "linear", "factor": 2}}, "type 'linear' is not"),
        ({**LLAMA, "rope_scaling": {"rope_type": "yarn"}}, "rope_type 'yarn' is not supported"),
        ({**LLAMA, "rope_parameters": 1}, "rope_parameters is 1, expected an object"),
        (
            {**LLAMA, "model_type": "qwen2", "use_sliding_window": True, "max_window_layers": 1},
            "use_sliding_window true is not supported",
        ),
        (
            {**LLAMA, "model_type": "qwen2", "use_sliding_window": True, "max_window_layers": 0},
            "use_sliding_window true is not supported",
        ),
        ({**LLAMA, "layer_types": ["full_attention", "sliding_attention"]}, "sliding_attention"),
        ({**LLAMA, "layer_types": [["full_attention"]]}, "layer_types has"),
    ],
)
def test_what_changes_the_mathematics_is_refused_by_its_name(config, told):
    with pytest.raises(NpgptError, match=told):
        options_of(config)


def test_windows_over_no_block_are_no_windows():
    config = {**LLAMA, "model_type": "qwen2", "use_sliding_window": True}
    assert options_of({**config, "max_window_layers": L})["qkv_bias"]
    unused = {"use_sliding_window": False, "max_window_layers": 0}
    assert options_of({**config, **unused})["qkv_bias"]


@pytest.mark.parametrize(
    ("model", "options", "told"),
    [
        ("gpt", {**GPT, "head_bias": True}, r"no bias in its head.*`fold_head_bias=True`"),
        ("llama", {**OURS, "qkv_bias": True, "qk_norm": True}, "Qwen2 has the one, Qwen3 the"),
        ("llama", {**OURS, "qkv_bias": True, "head_size": 6}, "head_size = 6 does not fit Qwen2"),
        ("alpaca", {}, "no architecture for the model 'alpaca', but for gpt, llama"),
    ],
)
def test_a_model_that_no_architecture_has_is_not_written(model, options, told):
    with pytest.raises(NpgptError, match=told):
        foreign(model, options, {})


# ---------------------------------------------------------------------------------- folders


@pytest.fixture
def folder(tmp_path):
    """A folder whose weights are in two files."""
    place = tmp_path / "models--x" / "snapshots" / "1"
    place.mkdir(parents=True)
    model = foreign("llama", OURS, random_state(llama_shapes(OURS)))
    (place / "config.json").write_text(json.dumps(model.metadata))
    names = list(model.tensors)
    files = {"a.safetensors": names[:7], "b.safetensors": names[7:]}
    for file, part in files.items():
        arrays = {name: model.tensors[name].read() for name in part}
        (place / file).write_bytes(safetensors.numpy.save(arrays))
    write_index(place, {name: file for file, part in files.items() for name in part})
    return place


def write_index(folder, weight_map):
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": weight_map}))


def read_index(folder):
    return json.loads((folder / "model.safetensors.index.json").read_text())["weight_map"]


def test_weights_may_be_in_several_files(folder):
    assert from_foreign(read_model(folder)).tensors.keys() == llama_shapes(OURS).keys()


@pytest.mark.parametrize(
    "file",
    [
        *("../a.safetensors", "/etc/a.safetensors", "..\\a.safetensors", "sub/a.safetensors"),
        *("a.bin", "", ".safetensors/..", 1, None, ["a.safetensors"]),
    ],
)
def test_an_index_leads_nowhere_but_to_files_beside_it(file, folder):
    write_index(folder, {**read_index(folder), "model.norm.weight": file})
    with pytest.raises(NpgptError, match=r"index\.json is damaged: expected the files of tensors"):
        read_model(folder)


def test_a_tensor_that_an_index_invents_is_named(folder):
    write_index(folder, {**read_index(folder), "lm_head.weight": "a.safetensors"})
    with pytest.raises(NpgptError, match=r"a\.safetensors has no tensor 'lm_head.weight'"):
        read_model(folder)


def test_a_file_that_an_index_invents_is_named(folder):
    write_index(folder, {**read_index(folder), "lm_head.weight": "c.safetensors"})
    with pytest.raises(NpgptError, match=r"cannot read .*c\.safetensors"):
        read_model(folder)


def test_other_files_of_weights_are_never_opened(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(NpgptError, match="which can hold code, are never opened"):
        read_model(tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"auto_map": {"AutoModel": "x.py"}}, "has auto_map: code of its own is not supported"),
        ({"quantization_config": {"bits": 4}}, "has quantization_config: quantized matrices"),
    ],
)
def test_what_needs_more_than_its_type_says_is_refused(change, told, folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(NpgptError, match=told):
        read_model(folder)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_is_followed_into_the_blobs_of_hugging_faces_cache_and_nowhere_else(folder):
    blobs = folder.parent.parent / "blobs"
    blobs.mkdir()
    for name in ("config.json", "a.safetensors"):
        (folder / name).rename(blobs / name)
        (folder / name).symlink_to(f"../../blobs/{name}")
    assert len(read_model(folder).tensors) == len(read_index(folder))
    blobs.rename(blobs.with_name("elsewhere"))
    for name in ("config.json", "a.safetensors"):
        (folder / name).unlink()
        (folder / name).symlink_to(f"../../elsewhere/{name}")
    with pytest.raises(NpgptError, match="is a link: none is followed"):
        read_model(folder)
