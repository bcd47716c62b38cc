"""Runs that npgpt 0.1 wrote open, generate, are evaluated and go on, as they did there.

``data/runs-of-0.1`` holds runs of a few steps on ``poem.txt``. The four of commit 2c3c4e1, the last
of 0.1, have a house tokenizer each, and ``expected.json`` holds what the command of that commit
gave for them. ``lr-0`` is of commit 5511454, which took a learning rate of 0 and recorded less.
"""

import json
import shutil
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from npgpt_core.errors import NpgptWarning
from npgpt_core.events import Comparing
from npgpt_train import load_run
from npgpt_train.comparison.compare import compare
from npgpt_train.run.listing import list_runs
from npgpt_train.run.metrics import read_metrics
from npgpt_train.run.reference import compare_to_reference, references
from npgpt_train.settings.choices import choose
from npgpt_train.settings.parts import resolve
from npgpt_train.text.tokenizer_file import tokenizer_bytes

DATA = Path(__file__).with_name("data") / "runs-of-0.1"
EXPECTED = json.loads((DATA / "expected.json").read_text("utf-8"))

pytestmark = pytest.mark.filterwarnings("ignore:.*was made with .*npgpt-")


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


@pytest.mark.parametrize(
    "command",
    [
        ("generate", "bpe", "--max-new-tokens", "1"),
        ("evaluate", "bpe"),
        ("train", "--out", "bpe", "--resume", "--max-iters", "5"),
        ("train", "--init-from", "bpe", "--data", "poem.txt", "--max-iters", "1"),
    ],
)
@pytest.mark.usefixtures("runs")
def test_the_other_versions_are_told_in_one_line(npgpt, command):
    with warnings.catch_warnings():
        warnings.simplefilter("default", NpgptWarning)
        output = npgpt(*command).output
    assert output.count("bpe was made with ") == 1
    assert "npgpt-models 0.1.0 (now " in output
    assert "npgpt-tokenizers 0.1.0 (now " in output


@pytest.mark.usefixtures("runs")
def test_a_run_with_a_learning_rate_of_0_opens(npgpt):
    assert load_run("lr-0").settings.lr == 0
    assert npgpt("evaluate", "lr-0", "--data", "poem.txt").exit_code == 0
    result = npgpt("train", "--out", "lr-0", "--resume", "--max-iters", "6")
    assert result.exit_code == 0, result.output


@pytest.mark.usefixtures("runs")
def test_they_are_listed_with_their_best():
    found = {entry.folder.name: entry for entry in list_runs(Path())}
    for name in (*EXPECTED, "lr-0"):
        early = json.loads(Path(name, "checkpoints/step-000004/state.json").read_text())
        assert (found[name].state, found[name].step) == ("finished", 4)
        assert found[name].best_loss == early["best_val_loss"]
        assert found[name].best_step == early["best_step"]


@pytest.mark.usefixtures("runs")
def test_they_are_compared_without_training_them_again():
    pytest.importorskip("jinja2")
    for name in ("char", "bpe"):
        shutil.copytree(name, f"both/runs/{name}")
    settings = json.loads(Path("char/run.json").read_text())["settings"]
    shared = {k: v for k, v in settings.items() if not isinstance(v, (dict, list))}
    shared |= settings["model"]["options"]
    asked = {"data": "poem.txt", "tokenizers": ["char", "bpe"], "vocab_size": 64, "preset": "tiny"}
    told = []
    record = compare(out="both", report=told.append, **asked, **shared)
    assert [event.state for event in told if isinstance(event, Comparing)] == ["finished"] * 2
    for name, run in record["runs"].items():
        np.testing.assert_allclose(run["held_out"]["loss"], EXPECTED[name]["loss"], rtol=1e-5)


@pytest.mark.usefixtures("runs")
def test_an_option_that_a_part_got_since_may_be_said_at_its_default(npgpt):
    flags = ["--out", "char", "--resume", "--max-iters", "6"]
    result = npgpt("train", *flags, "--set", "model.activation=gelu")
    assert "model.activation = 'gelu' contradicts char, which was made with 'relu'" in result.output
    result = npgpt("train", *flags, "--set", "model.activation=relu")
    assert result.exit_code == 0, result.output


@pytest.mark.usefixtures("runs")
def test_what_begins_with_their_weights_has_the_options_that_they_were_made_with(npgpt):
    flags = ["--data", "poem.txt", "--init-from", "char", "--preset", "tiny", "--max-iters", "1"]
    result = npgpt("train", *flags, "--out", "new", "--set", "model.activation=gelu")
    assert "'gelu' does not fit --init-from char, which has 'relu'" in result.output
    result = npgpt("train", *flags, "--out", "new", "--set", "model.activation=relu")
    assert result.exit_code == 0, result.output


OF_0_1 = [entry for entry in references() if entry["version"] == "0.1.0"]


@pytest.mark.parametrize("entry", OF_0_1, ids=lambda e: f"{e['preset']}-{e['tokenizer']}")
def test_a_new_run_stands_beside_the_curve_that_0_1_recorded(entry):
    asked = {"tokenizer": entry["tokenizer"], "data": ("python-docs",)}
    settings = resolve(choose(preset=entry["preset"], flags=asked))
    data = SimpleNamespace(sha256=entry["sha256"])
    record = SimpleNamespace(init_from=None, ranks=1, data=data)
    run = SimpleNamespace(settings=settings, record=record)
    assert compare_to_reference(run, [{"step": 50, "val_loss": 9.0}]) is not None
