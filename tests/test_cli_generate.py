"""``npgpt generate``: text as it is drawn, where prompts come from, what is told of them."""

import json
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import safetensors.numpy

from npgpt_core import generate
from npgpt_core.decoding import decode_stream
from npgpt_train import load_run
from npgpt_train.run.folder import Run
from npgpt_train.run.sample import suppressed_ids

pytestmark = pytest.mark.filterwarnings("default::npgpt_core.errors.NpgptWarning")

UNKNOWN = 1


@pytest.fixture
def byte_run(npgpt, text_file, tmp_path):
    """A run whose tokens are bytes, so that its untrained model writes half characters."""
    out = tmp_path / "bytes"
    flags = ["--preset", "tiny", "--max-iters", 1, "--eval-iters", 1, "--n-embd", 16]
    tokenizer = ["--tokenizer", "byte-bpe", "--vocab-size", 300]
    result = npgpt("train", "--data", text_file, "--out", out, *tokenizer, *flags)
    assert result.exit_code == 0, result.output
    return out


def change_weights(run, change):
    """Rewrite the weights of every checkpoint."""
    for path in run.glob("checkpoints/*/model.safetensors"):
        arrays = safetensors.numpy.load_file(path)
        change(arrays)
        safetensors.numpy.save_file(arrays, path)


# ------------------------------------------------------------------------ text


@pytest.mark.parametrize("window", ["shift", "slide"])
def test_the_text_is_that_of_the_ids_drawn(window, npgpt, byte_run):
    model, tokenizer, _, _ = load_run(byte_run)
    options = {"temperature": 1.5, "top_k": 200, "window": window}
    flags = ["--temperature", 1.5, "--top-k", 200, "--window", window, "--max-new-tokens", 150]
    shown = npgpt("generate", byte_run, "--prompt", "the", "--seed", 5, "--raw", *flags).stdout
    prompt = tokenizer.encode("the")
    suppressed = suppressed_ids(tokenizer)
    ids = generate(model, prompt, 150, seed=5, suppress_tokens=suppressed, **options)
    text = tokenizer.decode(ids[len(prompt) :])
    assert shown == f"the{text}\n".encode("utf-8", "replace").decode()
    assert len(list(decode_stream(tokenizer, ids))) > 50


def test_several_samples_follow_each_other_with_seeds_of_their_own(npgpt, small_run):
    flags = ["--max-new-tokens", 20, "--seed"]
    both = npgpt("generate", small_run, "--num-samples", 2, *flags, 7).stdout
    first, second = (npgpt("generate", small_run, *flags, seed).stdout for seed in (7, 8))
    assert first != second
    assert both == f"--- sample 1 ---\n{first}--- sample 2 ---\n{second}"


def test_json_is_a_line_for_each_text_that_its_seed_draws_again(npgpt, small_run):
    flags = ["--prompt", "the king", "--max-new-tokens", 12]
    lines = npgpt("generate", small_run, "--json", "--num-samples", 2, *flags).stdout.splitlines()
    tokenizer = load_run(small_run).tokenizer
    records = [json.loads(line) for line in lines]
    assert records[1]["seed"] == records[0]["seed"] + 1
    for record in records:
        assert record.keys() == {
            *("prompt", "text", "ids", "seed", "tokens", "seconds", "stop_reason")
        }
        assert record["prompt"] == "the king"
        assert record["text"] == tokenizer.decode(record["ids"])
        assert record["tokens"] == len(record["ids"]) == 12
        assert record["stop_reason"] == "length"
        assert record["seconds"] > 0
        again = npgpt("generate", small_run, "--raw", *flags, "--seed", record["seed"]).stdout
        assert again == f"the king{record['text']}\n"


# --------------------------------------------------------------------- prompts


def test_a_prompt_comes_from_the_command_line_a_file_or_standard_input(npgpt, small_run, tmp_path):
    path = tmp_path / "prompt.txt"
    path.write_bytes(b"the king\n")
    flags = ["--max-new-tokens", 10, "--seed", 1]
    given = npgpt("generate", small_run, "--prompt", "the king\n", *flags).stdout
    assert given.startswith("the king\n")
    assert npgpt("generate", small_run, "--prompt-file", path, *flags).stdout == given
    read = npgpt("generate", small_run, "--prompt", "-", *flags, stdin=b"the king\n")
    assert read.stdout == given


@pytest.mark.parametrize(
    ("flags", "stdin", "expected"),
    [
        (["--prompt", "a", "--prompt-file", "b"], None, "not both"),
        (["--prompt-file", "{tmp}/none"], None, "cannot read"),
        (["--prompt-file", "{tmp}"], None, "cannot read"),
        (["--prompt", "-"], b"\xff", "standard input is not UTF-8 text"),
        (["--prompt", "-"], b"", "the prompt is empty"),
        (["--window", "jump"], None, "window is 'jump', expected one of shift, slide"),
        (["--temperature", "nan"], None, "temperature is nan"),
    ],
)
def test_what_cannot_be_continued_is_refused(flags, stdin, expected, npgpt, small_run, tmp_path):
    arguments = [str(flag).format(tmp=tmp_path) for flag in flags]
    result = npgpt("generate", small_run, *arguments, stdin=stdin)
    assert result.exit_code == 2
    assert expected in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(("most", "code"), [(8, 0), (7, 2)])
@pytest.mark.parametrize("source", ["file", "-"])
def test_a_prompt_without_end_is_refused(
    source, most, code, npgpt, small_run, tmp_path, monkeypatch
):
    monkeypatch.setattr("npgpt_cli.reading.MAX_BYTES", most)
    path = tmp_path / "prompt.txt"
    path.write_bytes(b"the king")
    flags = ["--prompt-file", path] if source == "file" else ["--prompt", "-"]
    result = npgpt("generate", small_run, *flags, "--max-new-tokens", 1, stdin=path.read_bytes())
    assert result.exit_code == code
    assert ("has more than 7 bytes" in result.stderr) == (code == 2)


def test_what_the_model_does_not_know_of_a_prompt_is_named(npgpt, small_run):
    flags = ["--max-new-tokens", 1]
    prompt = "the ÿ king жñ with ÿ. 中 文 sings"
    result = npgpt("generate", small_run, "--prompt", prompt, *flags)
    assert result.exit_code == 0
    assert "6 of the 31 tokens of the prompt are unknown to the model" in result.stderr
    assert "instead: 'ÿ', 'жñ', '中' and 1 more" in result.stderr
    assert npgpt("generate", small_run, "--prompt", "the king", *flags).stderr == ""


def test_a_tokenizer_that_loses_case_alone_does_not_cry_wolf(npgpt, text_file, tmp_path):
    flags = ["--preset", "tiny", "--max-iters", 1, "--eval-iters", 1, "--tokenizer", "word"]
    npgpt("train", "--data", text_file, "--out", tmp_path / "run", *flags)
    arguments = ["generate", tmp_path / "run", "--max-new-tokens", 1, "--prompt"]
    assert npgpt(*arguments, "THE King").stderr == ""
    assert "instead: 'zebra'" in npgpt(*arguments, "The zebra sleeps").stderr


# --------------------------------------------------------------- special tokens


def test_unknown_and_padding_are_drawn_only_if_allowed(npgpt, small_run):
    def favour(arrays):
        arrays["head.bias"][:2] = 1e4

    change_weights(small_run, favour)
    flags = ["generate", small_run, "--json", "--max-new-tokens", 30]
    ids = json.loads(npgpt(*flags).stdout)["ids"]
    assert min(ids) > UNKNOWN
    assert set(json.loads(npgpt(*flags, "--allow-special").stdout)["ids"]) == {0, UNKNOWN}


# ------------------------------------------------------------------ sick numbers


def test_weights_that_are_not_finite_are_named_by_every_command(npgpt, small_run, tmp_path):
    good = tmp_path / "good"
    shutil.copytree(small_run, good)

    def spoil(arrays):
        arrays["blocks.0.attn.proj.bias"][3] = np.nan

    change_weights(small_run, spoil)
    for command in (
        ["generate", small_run],
        ["evaluate", small_run],
        ["explain", "forward", small_run, "the king"],
        ["explain", "backward", small_run, "the king"],
        ["explain", "attention", small_run, "the king"],
        ["explain", "step", small_run],
        ["train", "--init-from", small_run, "--out", tmp_path / "new"],
        ["train", "--resume", "--out", small_run, "--max-iters", "9"],
    ):
        result = npgpt(*command)
        assert result.exit_code == 2, command
        assert "model.safetensors: the parameter blocks.0.attn.proj.bias holds" in result.stderr
        assert "checkpoints/step-00000" in result.stderr
        assert result.stderr.count("\n") == 1


def test_numbers_that_overflow_are_named_though_the_weights_are_finite(npgpt, small_run):
    def enlarge(arrays):
        arrays["head.weight"][:] = 3e38

    change_weights(small_run, enlarge)
    generated = npgpt("generate", small_run)
    assert generated.exit_code == 2
    assert "the highest logit is" in generated.stderr
    assert "every parameter is finite" in generated.stderr
    evaluated = npgpt("evaluate", small_run)
    assert evaluated.exit_code == 2
    assert "the first such number is in the output of head (Linear)" in evaluated.stderr


def test_training_ends_well_though_its_last_weights_are_not_finite(npgpt, text_file, tmp_path):
    flags = ["--preset", "tiny", "--max-iters", 1, "--eval-iters", 1, "--optim", "sgd"]
    steep = ["--lr", 3e38, "--schedule", "constant", "--grad-clip", 1e30]
    out = tmp_path / "run"
    result = npgpt("train", "--data", text_file, "--out", out, *flags, *steep)
    assert result.exit_code == 0, result.output
    assert "there is no sample: " in result.stderr
    assert not (out / "sample.txt").exists()


# -------------------------------------------------------------------- best or latest


def test_best_is_the_latest_while_there_is_none(npgpt, small_run):
    (small_run / "best").unlink()
    for command in (
        ["generate", small_run, "--max-new-tokens", 1],
        ["evaluate", small_run],
        ["explain", "forward", small_run, "the king"],
        ["explain", "backward", small_run, "the king"],
        ["explain", "attention", small_run, "the king"],
    ):
        result = npgpt(*command)
        assert result.exit_code == 0, result.output
        assert f"{small_run} has no best checkpoint yet: this is its latest, of step 4" in (
            result.stderr
        )
    model = load_run(small_run, "latest").model
    with pytest.warns(UserWarning, match="no best checkpoint"):
        fallen_back = Run.open(small_run).model()
    for name, array in model.parameters().items():
        np.testing.assert_array_equal(fallen_back.parameters()[name], array)


def test_without_any_checkpoint_best_is_an_error(npgpt, small_run):
    shutil.rmtree(small_run / "checkpoints")
    result = npgpt("generate", small_run)
    assert result.exit_code == 2
    assert "no checkpoint 'best': there is none yet" in result.stderr


def test_weights_for_a_text_that_their_tokenizer_does_not_know_are_warned_of(
    npgpt, small_run, text_file, tmp_path
):
    text = tmp_path / "other.txt"
    text.write_text("жж ab\n" * 4000, encoding="utf-8")
    flags = ["--init-from", small_run, "--max-iters", 1, "--eval-iters", 1]
    warned = npgpt("train", "--data", text, "--out", tmp_path / "new", *flags)
    assert warned.exit_code == 0, warned.output
    assert "50.00% of the training tokens are unknown" in warned.stderr
    fine = npgpt("train", "--data", text_file, "--out", tmp_path / "same", *flags)
    assert fine.exit_code == 0, fine.output
    assert "unknown" not in fine.stderr


# ------------------------------------------------------------------ tokenize --decode


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        ("a b", "'a'"),
        ("5 b", "'b'"),
        ("5 -1", "'-1'"),
        ("5 999", "'999'"),
        ("9" * 5000, "'999999999"),
        ("1_0", "'1_0'"),
        ("٣", "'٣'"),
        ("1.0", "'1.0'"),
    ],
)
def test_what_is_no_id_is_named_in_one_line(ids, told, npgpt, small_run):
    result = npgpt("tokenize", small_run, "--decode", ids)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: --decode expects ids from 0 to ")
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
    assert len(result.stderr) < 200


def test_a_special_token_is_spelled_only_if_that_is_asked_for(npgpt, small_run):
    """One that decodes to nothing: the rest of the text is what it was."""
    text = "the <eos>king"
    special = npgpt("tokenize", small_run, text, "--special-tokens").stdout
    plain = npgpt("tokenize", small_run, text).stdout
    assert special.split() == [*plain.split()[:4], "3", *plain.split()[-4:]]
    assert npgpt("tokenize", small_run, "--decode", plain).stdout.startswith("the \ufffdeos")
    flags = ["--prompt", text, "--temperature", 0, "--max-new-tokens", 5, "--json"]
    flags += ["--special-tokens"]
    assert json.loads(npgpt("generate", small_run, *flags).stdout)["prompt"] == text


# ------------------------------------------------------------------------ streaming


def endless(run, *flags):
    command = [sys.executable, "-m", "npgpt_cli", "generate", run, *flags]
    return subprocess.Popen(
        [str(word) for word in [*command, "--max-new-tokens", 10**9]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.once
def test_text_comes_while_it_is_drawn_and_an_interruption_keeps_it(small_run):
    process = endless(small_run, "--prompt", "the king")
    begun = process.stdout.read(100)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert begun.startswith(b"the king")
    assert process.returncode == 130
    assert errors == b"\nstopped\n"


@pytest.mark.once
def test_an_interrupted_text_is_one_json_object(small_run):
    process = endless(small_run, "--json", "--num-samples", 2, "--prompt", "a" * 10_000)
    assert process.poll() is None
    lines = []
    while not lines:
        try:
            lines = process.communicate(timeout=5)[0].splitlines()
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
    (record,) = map(json.loads, lines)
    assert process.returncode == 130
    assert record["stop_reason"] == "interrupted"
    assert record["tokens"] == len(record["ids"]) > 0
    assert record["text"] == load_run(small_run).tokenizer.decode(record["ids"])


@pytest.mark.once
def test_a_reader_that_goes_ends_it_quietly(small_run):
    process = endless(small_run)
    assert process.stdout.read(50)
    process.stdout.close()
    errors = process.stderr.read()
    process.wait(timeout=60)
    process.stderr.close()
    assert errors == b""
    assert process.returncode != 0
