"""Models of transformers come in, and ours go out, with equal logits and equal ids."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")
npgpt_convert = pytest.importorskip("npgpt_convert")

from npgpt_train import load_run, train  # noqa: E402
from npgpt_train.events import ignore  # noqa: E402

TEXT = "To be, or not to be: that is the question. Naïve 你好 🙂 1234\n  end"
LLAMA = {
    **{"hidden_size": 16, "intermediate_size": 40, "num_hidden_layers": 2},
    **{"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64},
}
SCALED = {
    **{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0},
    "original_max_position_embeddings": 16,
}
GPT2 = {"n_positions": 64, "n_embd": 16, "n_layer": 2, "n_head": 2}
CONFIGS = {
    "gpt2": ("GPT2Config", GPT2),
    "gpt2, untied": ("GPT2Config", {**GPT2, "tie_word_embeddings": False}),
    "gpt2, relu": ("GPT2Config", {**GPT2, "activation_function": "relu"}),
    "llama": ("LlamaConfig", {**LLAMA, "head_dim": 8}),
    "smollm2": ("LlamaConfig", {**LLAMA, "tie_word_embeddings": True, "rope_theta": 100_000.0}),
    "llama 3": ("LlamaConfig", {**LLAMA, "rope_parameters": {**SCALED, "rope_theta": 5e5}}),
    "qwen2": ("Qwen2Config", LLAMA),
    "qwen3": ("Qwen3Config", {**LLAMA, "head_dim": 8}),
}
WITHOUT = {"add_special_tokens": False}


@pytest.fixture(scope="module")
def tokenizer():
    """Byte-level BPE of a few merges."""
    level = tokenizers.pre_tokenizers.ByteLevel
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer, made.decoder = (
        level(add_prefix_space=False),
        tokenizers.decoders.ByteLevel(),
    )
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=290, initial_alphabet=level.alphabet(), special_tokens=["<|end|>"]
    )
    made.train_from_iterator([TEXT], trainer)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|end|>")


@pytest.fixture(params=CONFIGS)
def theirs(request, tokenizer, tmp_path):
    """A model with random weights, saved in the current folder as ``theirs``."""
    name, options = CONFIGS[request.param]
    ids = {f"{mark}_token_id": 0 for mark in ("bos", "eos")}
    config = getattr(transformers, name)(vocab_size=len(tokenizer), **ids, **options)
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config).float().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.3)
    model.save_pretrained(tmp_path / "theirs")
    tokenizer.save_pretrained(tmp_path / "theirs")
    return model


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.setenv("NPGPT_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def as_transformers_4(folder):
    """Write config.json in the words of the version before."""
    path = Path(folder, "config.json")
    config = json.loads(path.read_text("utf-8"))
    config["torch_dtype"] = config.pop("dtype")
    if rope := config.pop("rope_parameters", None):
        config["rope_theta"] = rope.pop("rope_theta")
        config["rope_scaling"] = None if rope["rope_type"] == "default" else rope
    path.write_text(json.dumps(config), "utf-8")


def require_equal(model, ours, rtol=1e-4):
    ids = np.random.default_rng(0).integers(0, ours.tokenizer.vocab_size, (2, 32))
    with torch.no_grad():
        expected = model(torch.from_numpy(ids)).logits.numpy()
    np.testing.assert_allclose(ours.model(ids), expected, rtol=rtol, atol=1e-5)


@pytest.mark.parametrize("version", [4, 5])
def test_a_model_comes_in(version, theirs, tokenizer):
    if version == 4:
        as_transformers_4("theirs")
    npgpt_convert.import_model("theirs", "run")
    ours = load_run("run")
    require_equal(theirs, ours)
    assert ours.tokenizer.encode(TEXT).tolist() == tokenizer(TEXT, **WITHOUT)["input_ids"]
    assert ours.tokenizer.eos_id == tokenizer.eos_token_id


def test_and_goes_out_again_as_it_was(theirs):
    npgpt_convert.import_model("theirs", "run")
    npgpt_convert.export_model("run", "huggingface", "again")
    again, told = transformers.AutoModelForCausalLM.from_pretrained(
        "again", output_loading_info=True
    )
    assert not any(told.values())
    assert type(again) is type(theirs)
    for name, array in theirs.state_dict().items():
        assert torch.equal(again.state_dict()[name], array), name


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("theirs", ["llama"], indirect=True)
def test_half_precision_and_several_files_come_in_bit_for_bit(dtype, theirs, tokenizer):
    theirs.to(getattr(torch, dtype)).save_pretrained("half", max_shard_size="5KB")
    tokenizer.save_pretrained("half")
    assert Path("half/model.safetensors.index.json").exists()
    npgpt_convert.import_model("half", "run")
    whole = transformers.AutoModelForCausalLM.from_pretrained("half", dtype=torch.float32)
    require_equal(whole.eval(), load_run("run"))


@pytest.mark.parametrize("name", ["char", "bpe", "byte-bpe"])
@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("gpt", {"model.head_bias": False}),
        ("llama", {}),
        ("llama", {"model.qkv_bias": True}),
        ("llama", {"model.qk_norm": True}),
    ],
)
@pytest.mark.filterwarnings("ignore::npgpt_core.errors.NpgptWarning")
def test_what_was_trained_here_opens_there(name, model, options):
    Path("text.txt").write_text(TEXT * 60, "utf-8")
    sizes = {"preset": "tiny", "max_iters": 2, "eval_interval": 2, "eval_iters": 1}
    given = {"data": "text.txt", "tokenizer": name, "model": model, "options": options}
    train(out="run", report=ignore, **given, **sizes)
    npgpt_convert.export_model("run", "huggingface", "out")
    ours = load_run("run")
    require_equal(transformers.AutoModelForCausalLM.from_pretrained("out").eval(), ours)
    is_qwen2 = "model.qkv_bias" in options  # for which AutoTokenizer splits as it likes
    kind = transformers.PreTrainedTokenizerFast if is_qwen2 else transformers.AutoTokenizer
    opened = kind.from_pretrained("out")
    for text in (TEXT, "question " * 3, "\n\n  be\t"):
        assert opened(text, **WITHOUT)["input_ids"] == ours.tokenizer.encode(text).tolist()
