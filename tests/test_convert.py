"""``npgpt import`` and ``export``: models go out and come in again, and every command works."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from npgpt_convert import export_model, import_model
from npgpt_core import NpgptError
from npgpt_train import load_run, train
from npgpt_train.events import ignore
from npgpt_train.loop import batches
from npgpt_train.machine.memory import require_memory
from npgpt_train.run.folder import Run

MODELS = {
    "gpt": {"model": "gpt", "model.head_bias": False, "model.activation": "gelu"},
    "tied": {"model": "gpt", "model.head_bias": False, "model.tie_embeddings": True},
    "llama": {"model": "llama", "model.n_kv_head": 1, "model.rope_factor": 2.0},
    "qwen2": {"model": "llama", "model.qkv_bias": True, "model.tie_embeddings": False},
    "qwen3": {"model": "llama", "model.qk_norm": True, "model.head_size": 6},
}
TOKENIZER = {"tokenizer": "byte-bpe", "tokenizer.vocab_size": 300}
TEXT = "the king speaks with thy love"


@pytest.fixture(scope="module")
def folder(play, tmp_path_factory):
    """Runs of two steps, ``NAME``; what they are outside, ``out-NAME``; and again, ``in-NAME``."""
    folder = tmp_path_factory.mktemp("convert")
    (folder / "play.txt").write_text(play, "utf-8")
    sizes = {"max_iters": 2, "eval_interval": 1, "eval_iters": 1, "preset": "tiny", "lr": 1e-2}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NPGPT_CACHE", str(folder / "cache"))
        patch.chdir(folder)
        for name, options in MODELS.items():
            flags = {"model": options["model"], "tokenizer": "byte-bpe"}
            options = {k: v for k, v in {**options, **TOKENIZER}.items() if "." in k}
            given = {**sizes, **flags, "options": options, "data": "play.txt", "report": ignore}
            train(out=name, **given)
            export_model(name, "huggingface", f"out-{name}")
            import_model(f"out-{name}", f"in-{name}")
    return folder


@pytest.fixture(autouse=True)
def here(folder, monkeypatch):
    monkeypatch.chdir(folder)


@pytest.fixture
def run(npgpt):
    """Run a command; gives what it prints."""

    def run(*args, code=0):
        result = npgpt(*args)
        assert result.exit_code == code, result.output
        return result.output

    return run


def write_ending_run(folder):
    """A model of which the end of a text is always the likeliest token."""
    tensors = safetensors.numpy.load_file("out-gpt/model.safetensors")
    theirs = folder.with_name("theirs")
    shutil.copytree("out-gpt", theirs)
    tensors["transformer.ln_f.weight"] *= 0
    tensors["transformer.ln_f.bias"] = (
        100 * tensors["lm_head.weight"][load_run("gpt").tokenizer.eos_id]
    )
    safetensors.numpy.save_file(tensors, theirs / "model.safetensors")
    import_model(theirs, folder)


def arrays(name, checkpoint="best"):
    return load_run(name, checkpoint).model.state_dict()


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_bit_for_bit(name):
    there, back = load_run(name), load_run(f"in-{name}")
    ours = there.model.state_dict()
    assert back.model.state_dict().keys() == ours.keys()
    for parameter, array in back.model.state_dict().items():
        np.testing.assert_array_equal(array, ours[parameter])
    ids = back.tokenizer.encode(TEXT)
    np.testing.assert_array_equal(ids, there.tokenizer.encode(TEXT))
    np.testing.assert_array_equal(back.model(ids[None, :8]), there.model(ids[None, :8]))
    record = Run.open(f"in-{name}").record
    assert (record.data, record.imported_from) == (None, f"out-{name}")


def test_what_is_written_of_a_model_that_came_in_is_what_came_in(tmp_path):
    export_model("in-llama", "huggingface", tmp_path / "again")
    for file in ("config.json", "model.safetensors"):
        assert (tmp_path / "again" / file).read_bytes() == Path("out-llama", file).read_bytes()


# ----------------------------------------------------------- every command works on an import


@pytest.mark.parametrize("name", ["in-tied", "in-llama"])
def test_the_commands_that_read_a_run_read_it(name, run, tmp_path):
    text = run("generate", name, "--prompt", TEXT, "--max-new-tokens", 5, "--seed", 1)
    assert text.startswith(TEXT)
    ids = run("tokenize", name, TEXT)
    assert run("tokenize", name, ids, "--decode").strip() == TEXT
    assert "bits per character" in run("evaluate", name, "--data", "play.txt")
    for subject in ("forward", "backward", "attention"):
        assert run("explain", subject, name, TEXT)
    assert run("explain", "tokenize", name, TEXT)
    words = ["--data", "play.txt", "--batch-size", 2, "--block-size", 8]
    assert "2 rows of 8 tokens" in run("explain", "step", name, *words)
    (entry,) = [e for e in json.loads(run("runs", "--json", ".")) if e["folder"] == name]
    assert (entry["state"], entry["steps"]) == ("imported", None)
    assert name in run("runs", ".")


def test_an_imported_model_ends_its_text_itself(run, tmp_path):
    write_ending_run(tmp_path / "run")
    words = ["generate", tmp_path / "run", "--json", "--temperature", 0, "--max-new-tokens", 7]
    ended = json.loads(run(*words))
    eos_id = load_run(tmp_path / "run").tokenizer.eos_id
    assert (ended["ids"], ended["stop_reason"]) == ([eos_id], "eos")
    further = json.loads(run(*words, "--ignore-eos"))
    assert (further["ids"], further["stop_reason"]) == ([eos_id] * 7, "length")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["evaluate"], "without text and training of its own: name a text with --data"),
        (["explain", "step"], "name a text with --data to evaluate it or explain a step of it"),
        (["plot"], "in-llama has no metrics to draw"),
    ],
)
def test_what_it_has_not_is_told_in_a_line(command, told, run):
    output = run(*command, "in-llama", code=2)
    assert told in output
    assert output.count("\n") == 1


def test_it_is_not_resumed_but_trained_on(run, tmp_path):
    output = run("train", "--resume", "--out", "in-llama", code=2)
    assert "train it with --init-from in-llama" in output
    tuned = tmp_path / "tuned"
    words = ["--init-from", "in-llama", "--data", "play.txt", "--out", tuned, "--max-iters", 1]
    run("train", *words, "--preset", "tiny", "--block-size", 16)
    start = arrays(tuned, "0")
    assert all((start[name] == array).all() for name, array in arrays("in-llama").items())
    assert Run.open(tuned).settings.tokenizer.name == "pretrained-bpe"
    export_model(tuned, "huggingface", tmp_path / "out")
    assert json.loads((tmp_path / "out/config.json").read_text())["max_position_embeddings"] == 16


def test_a_shorter_context_does_not_fit_learned_positions(run, tmp_path):
    words = ["--init-from", "in-gpt", "--data", "play.txt", "--out", tmp_path / "tuned"]
    output = run("train", *words, "--block-size", 16, code=2)
    assert "position_embedding.weight" in output
    assert "--block-size" in output
    assert not (tmp_path / "tuned").exists()


# ------------------------------------------------------------------------- what import prints


def test_an_import_says_what_was_read_and_what_to_do_next(run, tmp_path):
    path = tmp_path / "theirs"
    output = run("import", "out-qwen3", "--out", path)
    assert "a Hugging Face folder with 25 tensors" in output
    assert "llama, " in output
    assert f"npgpt generate {path}" in output


def test_a_run_has_the_name_of_its_source(run, tmp_path, monkeypatch):
    source = Path("out-llama").absolute()
    monkeypatch.chdir(tmp_path)
    run("import", source)
    assert Run.open("runs/out-llama-1")


@pytest.mark.parametrize("file", ["tokenizer.json", "."])
def test_a_tokenizer_alone_becomes_a_file(file, run, tmp_path):
    source, path = tmp_path / "theirs", tmp_path / "tokenizer"
    source.mkdir()
    (source / "tokenizer.json").write_bytes(Path("out-llama/tokenizer.json").read_bytes())
    output = run("import", source / file, "--out", path)
    assert f"npgpt tokenize {path}" in output
    assert run("tokenize", path, TEXT) == run("tokenize", "llama", TEXT)
    out = tmp_path / "run"
    words = ["--tokenizer", path, "--data", "play.txt", "--out", out, "--max-iters", 1]
    run("train", *words, "--preset", "tiny")
    assert run("tokenize", out, TEXT) == run("tokenize", "llama", TEXT)
    assert "is there already" in run("import", source / file, "--out", path, code=2)


def test_rows_of_a_model_beyond_its_vocabulary_are_ids_of_nothing(run, tmp_path):
    copy_of("out-llama", tmp_path / "theirs", config={"vocab_size": 303}, rows=3)
    run("import", tmp_path / "theirs", "--out", tmp_path / "run")
    loaded = load_run(tmp_path / "run")
    assert loaded.tokenizer.vocab_size == 303
    assert loaded.tokenizer.decode([302]) == "�"


# ------------------------------------------------------------------------------ refusals


def copy_of(source, folder, *, config=None, rows=0, change=None):
    """A copy of an exported model with something changed."""
    folder.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes(Path(source, name).read_bytes())
    content = json.loads(Path(source, "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**content, **(config or {})}))
    tensors = safetensors.numpy.load_file(Path(source, "model.safetensors"))
    for name in tensors.keys() & {"model.embed_tokens.weight", "lm_head.weight"}:
        tensors[name] = np.concatenate([tensors[name], tensors[name][:rows]])
    (folder / "model.safetensors").write_bytes(safetensors.numpy.save(tensors | (change or {})))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"config": {"vocab_size": 2**30}}, "vocab_size is 1,073,741,824, and there are 300 rows"),
        ({"config": {"hidden_size": 2**20}}, "parameters, not of"),
        ({"config": {"num_hidden_layers": 1}}, "blocks.1"),
        ({"config": {"vocab_size": 299}}, "vocab_size is 299, and there are 300 rows"),
        ({"config": {"num_attention_heads": 4, "num_key_value_heads": 4}}, "parameters, not of"),
        ({"config": {"intermediate_size": 1}}, "its configuration says"),
        ({"config": {"rope_scaling": {"rope_type": "yarn"}}}, "rope_type 'yarn' is not supported"),
        ({"config": {"model_type": "qwen3"}}, "parameters, not of"),
        ({"change": {"model.norm.weight": np.full(32, np.nan, np.float32)}}, "norm_f.gamma hold"),
        ({"change": {"model.norm.weight": np.ones(32, np.int32)}}, "'model.norm.weight' is of I32"),
        ({"change": {"extra": np.ones(1, np.float32)}}, "'extra' is of no part"),
    ],
)
def test_a_model_that_does_not_fit_itself_is_refused_in_a_line(change, told, run, tmp_path):
    copy_of("out-llama", tmp_path / "theirs", **change)
    output = run("import", tmp_path / "theirs", "--out", tmp_path / "run", code=2)
    assert told in output
    assert output.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_folder_without_a_tokenizer_is_refused(run, tmp_path):
    copy_of("out-llama", tmp_path / "theirs")
    (tmp_path / "theirs/tokenizer.json").unlink()
    output = run("import", tmp_path / "theirs", "--out", tmp_path / "run", code=2)
    assert "has no tokenizer" in output
    (tmp_path / "theirs/tokenizer.model").write_bytes(b"")
    output = run("import", tmp_path / "theirs", "--out", tmp_path / "run", code=2)
    assert "SentencePiece" in output


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("alpaca", "there is no file or folder alpaca"),
        ("play.txt", "play.txt is of no known format"),
        ("cache", "has no tokenizer"),
    ],
)
def test_what_is_no_model_is_refused(source, told, run, tmp_path):
    assert told in run("import", source, "--out", tmp_path / "run", code=2)


def test_an_import_without_a_name_is_called_after_its_source_in_what_can_be_printed(
    run, folder, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    name = "li\nne\x1b[31mX" + "é" * 100
    shutil.copytree(folder / "out-qwen2", name)
    assert all(line.isprintable() for line in run("import", name).splitlines())
    assert [path.name for path in Path("runs").iterdir()] == [f"li-ne-[31mX{'é' * 39}-1"]


def test_a_run_is_not_written_over(run):
    assert "holds a run already" in run("import", "out-gpt", "--out", "in-gpt", code=2)


# -------------------------------------------------------------------------------- export


@pytest.fixture(scope="module")
def biased(folder):
    """A GPT with a bias in its head, as it is unless told otherwise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NPGPT_CACHE", str(folder / "cache"))
        patch.chdir(folder)
        sizes = {"max_iters": 60, "eval_interval": 30, "eval_iters": 1, "preset": "tiny"}
        given = {"data": "play.txt", "tokenizer": "byte-bpe", "vocab_size": 300, "lr": 3e-2}
        train(out="biased", report=ignore, **given, **sizes)
    return "biased"


def test_a_bias_in_the_head_is_folded_only_if_that_is_asked_for(biased, run, tmp_path):
    words = ["export", biased, "--format", "huggingface", "--out", tmp_path / "out"]
    assert "no bias in its head: fold it with --fold-head-bias" in run(*words, code=2)
    assert not any(tmp_path.glob("**/*.safetensors"))
    output = run(*words, "--fold-head-bias")
    before, after = map(float, re.findall(r"\d\.\d{4}", output))
    own = json.loads(run("evaluate", biased, "--json"))["loss"]
    assert before == pytest.approx(own, abs=1e-4)
    assert after == pytest.approx(before, abs=0.1)  # close to it, and either may be the lower
    import_model(tmp_path / "out", tmp_path / "again")
    validation = "".join(Run.open(biased).corpus().val_texts())
    (tmp_path / "validation.txt").write_text(validation, "utf-8")
    words = ["--data", tmp_path / "validation.txt", "--json"]
    again = json.loads(run("evaluate", tmp_path / "again", *words))
    assert again["loss"] == pytest.approx(after, abs=1e-4)


def test_there_is_nothing_to_fold_without_a_bias(run, tmp_path):
    words = ["export", "gpt", "--format", "huggingface", "--out", tmp_path / "out"]
    assert "this head has no bias" in run(*words, "--fold-head-bias", code=2)


def test_an_import_has_no_bias_to_fold_and_is_not_asked_for_a_text(run, tmp_path):
    words = ["export", "in-gpt", "--format", "huggingface", "--out", tmp_path / "out"]
    assert "this head has no bias, leave it out" in run(*words, "--fold-head-bias", code=2)
    assert "--data is the text of the loss that --fold-head-bias tells" in run(
        *words, "--data", "play.txt", code=2
    )


def test_a_bias_is_folded_without_the_text_of_its_run_if_another_is_named(run, tmp_path, play):
    (tmp_path / "mine.txt").write_text(play)
    words = ["--preset", "tiny", "--max-iters", 1, "--eval-interval", 1, "--eval-iters", 1]
    run("train", "--data", tmp_path / "mine.txt", "--out", tmp_path / "run", *words)
    (tmp_path / "mine.txt").unlink()
    words = ["export", tmp_path / "run", "--format", "huggingface", "--fold-head-bias"]
    assert "is not found" in run(*words, "--out", tmp_path / "a", code=2)
    told = run(*words, "--out", tmp_path / "a", "--data", "play.txt")
    assert re.search(r"the loss over play.txt was \d\.\d{4}, it is \d\.\d{4} nats", told)


@pytest.mark.parametrize("format", ["huggingface", "gguf", "tokenizer.json", "tiktoken"])
def test_what_is_there_is_not_written_over(format, run, tmp_path):
    out = tmp_path / "there"
    out.mkdir()
    (out / "mine").write_text("mine")
    words = ["export", "llama", "--format", format, "--out", out]
    assert "is there already and not empty" in run(*words, code=2)
    assert [path for path in tmp_path.iterdir() if path != out] == []


@pytest.mark.parametrize("format", ["huggingface", "gguf", "tokenizer.json", "tiktoken"])
def test_a_format_that_cannot_be_written_leaves_nothing(format, run, tmp_path, monkeypatch):
    def full(self, name, *rest):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("npgpt_train.machine.disk.Folder.create", full)
    words = ["export", "in-qwen2", "--format", format, "--out", tmp_path / "made" / "out"]
    assert "No space left on device" in run(*words, code=2)
    assert [path.name for path in tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        (["train", "--data", "play.txt"], "take a smaller --batch-size or --block-size"),
        (["evaluate", "gpt"], "take a smaller --block-size"),
        (["explain", "step", "gpt"], "use a larger machine"),
        (["explain", "step", "in-gpt", "--data", "play.txt"], "--batch-size or --block-size"),
    ],
)
def test_a_batch_beyond_the_memory_is_told_with_what_the_command_can_change(
    words, instead, run, monkeypatch
):
    monkeypatch.setattr(batches, "require_memory", lambda size, *told: require_memory(2**80, *told))
    assert run(*words, code=2).endswith(f"{instead}\n")


@pytest.mark.parametrize("source", ["out-qwen2", "out-qwen2/tokenizer.json"])
@pytest.mark.parametrize("there", [(), ("made",), ("made", "made/out")])
def test_an_import_that_cannot_be_written_leaves_what_was_there(
    source, there, run, tmp_path, monkeypatch
):
    if source.endswith(".json"):
        there = [name for name in there if name != "made/out"]
    for name in there:
        (tmp_path / name).mkdir()

    def full(self, name, *rest):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("npgpt_train.machine.disk.Folder.create", full)
    assert "No space left" in run("import", source, "--out", tmp_path / "made/out", code=2)
    assert sorted(path.name for path in tmp_path.rglob("*")) == sorted(Path(n).name for n in there)


def test_a_tokenizer_that_cannot_be_said_elsewhere_is_left_out_and_that_is_told(run, tmp_path):
    words = ["--tokenizer", "word", "--model", "llama", "--preset", "tiny", "--max-iters", 1]
    run("train", *words, "--data", "play.txt", "--out", tmp_path / "run")
    words = ["export", tmp_path / "run", "--format", "huggingface", "--out", tmp_path / "out"]
    assert "the tokenizer is not exported, because" in run(*words)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "config.json",
        "model.safetensors",
    }


def test_it_is_told_that_transformers_splits_for_a_qwen2_as_it_likes(run, tmp_path):
    for name, told in {"qwen2": True, "qwen3": False}.items():
        words = ["export", name, "--format", "huggingface", "--out", tmp_path / name]
        assert ("open the folder with PreTrainedTokenizerFast" in run(*words)) == told


def test_only_gguf_has_types(run, tmp_path):
    words = ["export", "llama", "--format", "huggingface", "--out", tmp_path / "out"]
    assert "with the format gguf, and none with another" in run(*words, "--type", "F16", code=2)
    with pytest.raises(NpgptError, match="format is 'onnx', expected one of huggingface, gguf"):
        export_model("llama", "onnx", tmp_path / "out")


@pytest.mark.parametrize("type", ["F32", "F16", "Q8_0"])
def test_a_gguf_file_comes_in_again(type, run, tmp_path):
    path = tmp_path / "llama.gguf"
    run("export", "llama", "--format", "gguf", "--type", type, "--out", path)
    run("import", path, "--out", tmp_path / "run")
    ours, back = arrays("llama"), arrays(tmp_path / "run")
    close = {"F32": 0, "F16": 1e-3, "Q8_0": 1e-2}[type]
    for name, array in ours.items():
        np.testing.assert_allclose(back[name], array, atol=close * np.abs(array).max())
