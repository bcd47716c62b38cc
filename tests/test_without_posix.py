"""The main path on a system that has only what Windows has (see ``without_posix.py``)."""

import subprocess
import sys
from pathlib import Path

import pytest

SMALL = ["--preset", "tiny", "--max-iters", "4", "--eval-interval", "2", "--eval-iters", "1"]


@pytest.mark.once
def test_training_resuming_and_reading_need_nothing_of_posix(text_file, tmp_path):
    def command(*args):
        script = Path(__file__).with_name("without_posix.py")
        line = [sys.executable, script, *args]
        result = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
        assert result.returncode == 0, result.stderr
        return result

    run = tmp_path / "run"
    trained = command("train", "--data", text_file, "--out", run, *SMALL)
    assert "cannot be locked here" in trained.stderr  # where Windows has a lock of its own
    resumed = command("train", "--resume", "--out", run, "--max-iters", "6")
    assert "final loss" in resumed.stdout + resumed.stderr
    assert (run / "latest").read_text() == "step-000006\n"
    assert command("generate", run, "--max-new-tokens", "5").stdout.strip()
    assert "bits per character" in command("evaluate", run).stdout
    assert command("plot", run).stdout.strip() == str(run / "curves.png")
    assert "tokens" in command("explain", "tokenize", run, "the king").stdout
