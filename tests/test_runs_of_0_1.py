"""Runs that npgpt 0.1 wrote open, generate, are evaluated and go on, as they did there.

``data/runs-of-0.1`` holds runs of a few steps on ``poem.txt``. The four of commit 2c3c4e1, the last
of 0.1, have a house tokenizer each, and ``expected.json`` holds what the command of that commit
gave for them. ``lr-0`` is of commit 5511454, which took a learning rate of 0 and recorded less.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from npgpt_train import load_run
from npgpt_train.run.metrics import read_metrics
from npgpt_train.text.tokenizer_file import tokenizer_bytes

DATA = Path(__file__).with_name("data") / "runs-of-0.1"
EXPECTED = json.loads((DATA / "expected.json").read_text("utf-8"))

pytestmark = pytest.mark.filterwarnings("ignore:.*was begun with npgpt-core 0.1.0")


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """The current folder: copies of the runs, beside their text."""
    shutil.copytree(DATA, tmp_path / "poems")
    monkeypatch.chdir(tmp_path / "poems")


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.usefixtures("runs")
def test_its_tokenizer_gives_the_same_ids(name):
    expected, tokenizer = EXPECTED[name], load_run(name).tokenizer
    ids = tokenizer.encode(expected["text"])
    assert ids.tolist() == expected["ids"]
    assert tokenizer.decode(ids) == expected["decoded"]
    assert tokenizer_bytes(tokenizer) == Path(name, "tokenizer.json").read_bytes()


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.usefixtures("runs")
def test_it_generates_the_same_text(npgpt, name):
    expected = EXPECTED[name]
    flags = ["--temperature", "0", "--max-new-tokens", "12", "--json"]
    result = npgpt("generate", name, "--prompt", expected["prompt"], *flags)
    assert json.loads(result.stdout)["ids"] == expected["generated"]


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.usefixtures("runs")
def test_its_loss_is_the_same(npgpt, name):
    found = json.loads(npgpt("evaluate", name, "--json").stdout)["loss"]
    np.testing.assert_allclose(found, EXPECTED[name]["loss"], rtol=1e-5)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.usefixtures("runs")
def test_it_goes_on_with_the_same_steps(npgpt, name):
    result = npgpt("train", "--out", name, "--resume", "--max-iters", "6")
    assert result.exit_code == 0, result.output
    steps = [e["loss"] for e in read_metrics(Path(name, "metrics.jsonl")) if "loss" in e]
    np.testing.assert_allclose(steps[4:], EXPECTED[name]["resumed"], rtol=1e-5)


@pytest.mark.usefixtures("runs")
def test_a_run_with_a_learning_rate_of_0_opens(npgpt):
    assert load_run("lr-0").settings.lr == 0
    assert npgpt("evaluate", "lr-0", "--data", "poem.txt").exit_code == 0
    result = npgpt("train", "--out", "lr-0", "--resume", "--max-iters", "6")
    assert result.exit_code == 0, result.output
