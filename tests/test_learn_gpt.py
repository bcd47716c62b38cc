"""The last exercise: npgpt trains the learner's own GPT, and its curve lies on that of gpt."""

import json
import os
import subprocess
import sys

import pytest

from npgpt_learn.exercises import PATH
from npgpt_learn.workbook import Workbook


def losses(folder, run, *words):
    """Train in a folder, and read the loss of every step."""
    command = [sys.executable, "-m", "npgpt_cli", "train", "--preset", "tiny", "--max-iters", "20"]
    subprocess.run(
        [*command, "--data", "python-docs", "--out", run, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        check=True,
    )
    lines = (folder / run / "metrics.jsonl").read_text("utf-8").splitlines()
    return [metrics["loss"] for metrics in map(json.loads, lines) if "loss" in metrics]


@pytest.mark.once
def test_the_curve_lies_on_that_of_gpt(tmp_path):
    Workbook.start(tmp_path, "npgpt")
    for exercise in PATH.exercises:
        (tmp_path / f"{exercise.name}.py").write_text(exercise.solution, encoding="utf-8")
    mine = losses(tmp_path, "mine", "--model", "mine")
    gpt = losses(tmp_path, "gpt", "--model", "gpt", "--set", "model.activation=gelu")
    assert len(mine) == len(gpt) == 20
    assert mine[-1] < mine[0] - 0.1
    assert max(abs(a - b) for a, b in zip(mine, gpt, strict=True)) < 1e-4
