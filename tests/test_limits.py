"""No memory, absurd numbers, names of any length and bytes: one line that says so, or it works."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from npgpt_tokenizers.symbols import MAX_VOCAB_SIZE
from npgpt_train.run.folder import Run
from npgpt_train.text.tokenizer_file import MAX_SIZE

SMALL = ["--preset", "tiny", "--max-iters", "4", "--eval-interval", "2", "--eval-iters", "1"]
COMMAND = "from npgpt_cli.main import main; main()"
LIMITED = f"""
import resource
resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, resource.RLIM_INFINITY))
{COMMAND}
"""
HUGE = str(2**63 - 1)


def _error(result):
    """The one line of a command that could not do what it was asked."""
    assert result.exit_code == 2, (result.output, result.exception)
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    return line


@pytest.mark.once
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process so")
def test_memory_that_is_not_there_is_one_line_and_leaves_no_run(npgpt, text_file, tmp_path):
    out = tmp_path / "run"
    arguments = ["train", "--data", text_file, "--out", out, *SMALL]
    result = subprocess.run(
        [sys.executable, "-c", LIMITED, *arguments, "--batch-size", "20000", "--workers", "1"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    last = result.stderr.splitlines()[-1]
    assert last.startswith("Error: the memory is not enough (Unable to allocate")
    assert "--batch-size" in last
    assert not out.exists()
    assert npgpt(*arguments).exit_code == 0


def test_a_run_that_fails_after_a_step_is_kept(npgpt, text_file, tmp_path):
    result = npgpt("train", "--data", text_file, "--out", tmp_path / "run", *SMALL, "--lr", "1e30")
    assert result.exit_code == 2
    assert Run.open(tmp_path / "run").is_trained()


@pytest.mark.parametrize("flag", ["--batch-size", "--grad-accumulation", "--block-size"])
def test_absurd_sizes_are_refused_before_a_folder_is_made(flag, npgpt, text_file, tmp_path):
    out = tmp_path / "run"
    line = _error(npgpt("train", "--data", text_file, "--out", out, *SMALL, flag, HUGE))
    assert "takes at least" in line
    assert not out.exists()


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "value", "commands"),
    [
        ("workers", 10**9, []),
        ("batch_size", 2**62, ["resume", "step"]),
        ("grad_accumulation", 2**62, ["resume", "step"]),
        ("ranks", 2**52, ["resume", "step"]),
    ],
)
def test_a_stranger_cannot_ask_for_absurd_sizes(name, value, commands, npgpt, small_run):
    record = json.loads((small_run / "run.json").read_text())
    (record if name == "ranks" else record["settings"])[name] = value
    (small_run / "run.json").write_text(json.dumps(record))
    calls = {
        "resume": ("train", "--resume", "--out", small_run, "--max-iters", 5),
        "step": ("explain", "step", small_run),
        "evaluate": ("evaluate", small_run),
        "generate": ("generate", small_run, "--max-new-tokens", 2),
    }
    for call, arguments in calls.items():
        result = npgpt(*arguments)
        if call in commands:
            _error(result)
        else:
            assert result.exit_code == 0, result.output


def test_a_name_that_is_too_long_is_an_error(npgpt, small_run, text_file, tmp_path):
    name = tmp_path / ("a" * 300)
    for command in (
        ("train", "--data", text_file, "--out", name, *SMALL),
        ("train", "--resume", "--out", name),
        ("compare", "--data", text_file, "--out", name, *SMALL),
        ("plot", small_run, "--out", f"{name}.png"),
        *(("plot", name), ("evaluate", name), ("generate", name), ("explain", "step", name)),
    ):
        assert "File name too long" in _error(npgpt(*command))
    assert "there is no run and no file" in _error(npgpt("tokenize", name, "text"))
    assert "no file, folder or glob" in _error(npgpt("train", "--data", name, *SMALL))


@pytest.mark.once
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_a_name_of_any_bytes_works(npgpt, text_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"text-\xff")
    shutil.copy(text_file, f"{name}.txt")
    for command in (
        ("train", "--data", f"{name}.txt", *SMALL),
        ("train", "--data", f"{name}.txt", "--out", name, *SMALL),
        ("train", "--resume", "--out", name, "--max-iters", 6),
        *(("plot", name), ("evaluate", name), ("generate", name, "--max-new-tokens", 2)),
        ("compare", "--data", f"{name}.txt", "--tokenizers", "char", "--out", f"{name}-2", *SMALL),
        ("train", "--data", f"{name}.txt", "--init-from", name, "--out", f"{name}-3", *SMALL),
    ):
        result = npgpt(*command)
        assert result.exit_code == 0, (command, result.output, result.exception)


def test_an_emptied_metrics_file_of_a_finished_run_is_an_error(npgpt, small_run):
    (small_run / "metrics.jsonl").write_text("")
    assert "no evaluation after a step" in _error(npgpt("train", "--resume", "--out", small_run))
    assert "no metrics to draw" in _error(npgpt("plot", small_run))


@pytest.mark.parametrize("name", ["step", "best_step", "best_val_loss"])
def test_a_state_of_hundreds_of_digits_is_damage(name, npgpt, small_run):
    path = small_run / "checkpoints" / "step-000004" / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), name: 10**400}))
    assert "state.json is damaged" in _error(npgpt("train", "--resume", "--out", small_run))


def test_every_vocabulary_of_byte_pairs_fits_into_a_tokenizer_file():
    longest_merge = json.dumps([MAX_VOCAB_SIZE - 2, MAX_VOCAB_SIZE - 1]) + ", "
    assert MAX_VOCAB_SIZE * len(longest_merge) < MAX_SIZE < 2**30
