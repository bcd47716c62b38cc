"""A Llama-like model of a third party, one file: everything works with it that works with gpt."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from npgpt_cli.main import main
from npgpt_cli.scaffold import Scaffold
from npgpt_core import registry
from npgpt_core.parameter_roles import embeddings_and_head
from npgpt_core.testing import check_gradients, model_checks
from npgpt_train import load_run

CHECKS = dict(model_checks())
SMALL = ["--preset", "tiny", "--max-iters", 4, "--eval-interval", 2, "--eval-iters", 1]
TEXT = "the king speaks with my queen"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The package of ``npgpt plugins new model alpaca``, its model replaced, as a distribution.

    Beside it is that of ``npgpt plugins new tokenizer camel``, as it is.
    """
    site = tmp_path_factory.mktemp("site")
    registry.plugins.cache_clear()
    for kind, name in (("model", "alpaca"), ("tokenizer", "camel")):
        for path, text in Scaffold(kind, name).render().items():
            if path.startswith("src/"):
                target = site / path.removeprefix("src/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, "utf-8")
        info = site / f"npgpt_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: npgpt-{name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[npgpt]\n{name} = npgpt_{name}._plugin\n")
    model = Path(__file__).parent / "strangers" / "alpaca.py"
    (site / "npgpt_alpaca" / "model.py").write_text(model.read_text("utf-8"), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        importlib.invalidate_caches()
        registry.plugins.cache_clear()
        yield site
    registry.plugins.cache_clear()
    for name in [name for name in sys.modules if name.startswith(("npgpt_alpaca", "npgpt_camel"))]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def run(installed, play, tmp_path_factory):
    """A run of it, ended after two steps and resumed: for all tests, so not to be changed."""
    folder = tmp_path_factory.mktemp("alpaca")
    (folder / "play.txt").write_text(play, "utf-8")
    out = folder / "run"
    train = ["train", "--data", folder / "play.txt", "--out", out, "--model", "alpaca", *SMALL]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NPGPT_CACHE", str(folder / "cache"))
        for more in (["--max-iters", 2], ["--resume"]):
            result = CliRunner().invoke(main, [str(a) for a in (*train, *more)])
            assert result.exit_code == 0, result.output
    return out


@pytest.fixture
def explain(npgpt, run):
    def explain(command, *args):
        result = npgpt("explain", command, run, *args, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.output), npgpt("explain", command, run, *args).output

    return explain


@pytest.mark.parametrize("check_id", CHECKS)
def test_it_keeps_the_contract(installed, check_id):
    CHECKS[check_id](registry.load("model", "alpaca"))


def test_the_gradients_are_right_without_tying_too(installed):
    target = registry.load("model", "alpaca")
    config = target.Config(vocab_size=11, block_size=8, tied=False)
    model = target(config, rng=np.random.default_rng(0), dtype=np.float64)
    ids = np.random.default_rng(1).integers(0, 11, (2, 7))
    checks = check_gradients(model, ids, coordinates=10)
    assert "head.weight" in {check.name for check in checks}


def test_a_run_keeps_the_sizes_of_its_own(run):
    record = json.loads((run / "run.json").read_text())
    sizes = {"n_layer": 2, "n_head": 6, "n_kv_head": 3, "width": 24, "hidden": 32, "tied": True}
    assert record["settings"]["model"] == {"name": "alpaca", "options": sizes}
    assert record["parts"]["model"]["distribution"] == "npgpt-alpaca"
    losses = [line["loss"] for line in load_run(run).metrics if "loss" in line]
    assert len(losses) == 4
    assert losses[-1] < losses[0]


def test_it_continues_a_text(npgpt, run):
    options = ["--prompt", "the ", "--max-new-tokens", 40, "--seed", 1]
    text = npgpt("generate", run, *options)
    assert text.exit_code == 0, text.output
    assert npgpt("generate", run, *options).output == text.output
    assert len(text.output) > 40


def test_explain_forward_reads_the_stream_after_each_block(explain, run):
    explained, shown = explain("forward", TEXT)
    model = load_run(run).model
    assert [r["module"] for r in explained["readings"]] == [
        "embeddings",
        *(f"blocks.{i}" for i in range(2)),
    ]
    assert explained["readings"][-1]["next"] == explained["next"]
    assert {o["module"] for o in explained["outputs"]} == {n for n, _ in model.named_modules()}
    assert "y = γ x̂, x̂ = x / √(mean(x²) + ε)" in shown


def test_explain_attention_shows_every_head_of_queries(explain, run):
    explained, shown = explain("attention", TEXT)
    assert [(h["layer"], h["head"]) for h in explained["heads"]] == [
        (layer, head) for layer in range(2) for head in range(6)
    ]
    for head in explained["heads"]:
        weights = np.array(head["weights"])
        np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
        assert not np.triu(weights, 1).any()
    assert sum(line.split()[:2] == ["1", "5"] for line in shown.splitlines()) == 1


def test_explain_backward_shows_the_gradient_of_every_parameter(explain, run):
    explained, shown = explain("backward", TEXT)
    model = load_run(run).model
    parameters = {p["parameter"] for m in explained["modules"] for p in m["parameters"]}
    assert parameters == set(model.parameters())
    assert "dγ = Σ dy x̂" in shown


def test_explain_step_is_the_one_that_comes_next(explain, run):
    explained, shown = explain("step")
    assert explained["number"] == 5
    assert explained["loss_after"] < explained["loss"]
    assert "Step 5, on a copy" in shown


def test_it_is_compared_with_gpt(npgpt, installed, text_file, tmp_path):
    out = tmp_path / "compared"
    models = ["--models", "gpt,alpaca", "--tokenizers", "char"]
    result = npgpt("compare", *models, "--data", text_file, "--out", out, *SMALL)
    assert result.exit_code == 0, result.output
    runs = json.loads((out / "report.json").read_text())["runs"]
    model = load_run(out / "runs" / "alpaca").model
    assert runs["alpaca"]["model"]["parameters"] == model.num_parameters()
    embedding = sum(array.size for array in embeddings_and_head(model).values())
    assert runs["alpaca"]["model"]["embedding_parameters"] == embedding == model.words.weight.size


def test_it_is_compared_over_the_tokenizer_of_another_stranger(
    npgpt, installed, text_file, tmp_path
):
    out = tmp_path / "compared"
    axes = ["--models", "gpt,alpaca", "--tokenizers", "char,camel"]
    result = npgpt("compare", *axes, "--data", text_file, "--out", out, *SMALL)
    assert result.exit_code == 0, result.output
    runs = json.loads((out / "report.json").read_text())["runs"]
    assert set(runs) == {"char-gpt", "char-alpaca", "camel-gpt", "camel-alpaca"}
    held_out = [run["held_out"] for run in runs.values()]
    for h in held_out:
        assert 0 < h["restored_bits_per_character"] < h["restored_uniform_bits_per_character"]
    assert all(h["lines_recovered"] == 1 for h in held_out)


def test_its_gradients_are_checked_by_name(npgpt, installed):
    result = npgpt("check-grads", "alpaca")
    assert result.exit_code == 0, result.output
    assert "ok" in result.output
