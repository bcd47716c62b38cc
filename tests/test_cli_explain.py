"""``npgpt explain``: what it shows of a small run, held against direct computation."""

import json
import subprocess
import sys
from io import StringIO

import numpy as np
import pytest
from rich.console import Console
from rich.text import Text

from npgpt_core import CrossEntropy
from npgpt_core.functional import softmax
from npgpt_train import load_run, train

TEXT = "the king speaks with my queen"


@pytest.fixture(scope="module")
def small_run(play, tmp_path_factory):
    """One run for all, for nobody may change it."""
    folder = tmp_path_factory.mktemp("explain")
    (folder / "play.txt").write_text(play, "utf-8")
    sizes = {"max_iters": 4, "eval_interval": 2, "eval_iters": 1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NPGPT_CACHE", str(folder / "cache"))
        train(data=str(folder / "play.txt"), out=folder / "run", preset="tiny", **sizes)
    return folder / "run"


@pytest.fixture
def explain(npgpt):
    """Run a subcommand as text, or as JSON that is already parsed."""

    def run(*args, code=0):
        result = npgpt("explain", *args)
        assert result.exit_code == code, result.output
        return json.loads(result.output) if "--json" in args else result.output

    return run


def tree(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_help_imports_no_numpy():
    code = (
        "import sys\nfrom npgpt_cli.main import main\n"
        "try: main(['explain', *sys.argv[1:], '--help'])\nexcept SystemExit: pass\n"
        "print([name for name in ('numpy', 'rich') if name in sys.modules], file=sys.stderr)"
    )
    for command in ([], ["tokenize"], ["forward"], ["backward"], ["attention"], ["page"], ["step"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *command], capture_output=True, text=True, check=True
        )
        assert done.stderr == "[]\n"
        assert "Usage: " in done.stdout


# ----------------------------------------------------------------------- tokenize


def test_tokenize_shows_every_merge_in_order(explain):
    arguments = ["tokenize", "bpe", "low low lower lowest newest", "--vocab-size", 22]
    explained = explain(*arguments, "--json")
    newest = explained["words"][-1]
    assert [piece["text"] for piece in newest["pieces"]] == list(" newest")
    merges = [(m["left"]["text"], m["right"]["text"]) for m in newest["merges"]]
    assert merges == [("e", "s"), ("es", "t"), (" ", "n"), ("e", "w")]
    for merge in newest["merges"]:
        assert merge["merged"]["text"] == merge["left"]["text"] + merge["right"]["text"]
    ids = [merge["merged"]["id"] for merge in newest["merges"]]
    assert ids == sorted(ids)
    assert newest["merges"][-1]["pieces"] == explained["tokens"][-3:]
    assert "".join(token["text"] for token in explained["tokens"]) == explained["text"]
    shown = explain(*arguments)
    assert "bpe, trained on this text alone: 22 ids" in shown
    assert "27 characters become 8 tokens" in shown
    assert "Nothing is unknown." in shown
    rows = [line.split() for line in shown.splitlines()]
    assert ["low", "␣low", "␣low", "er", "␣lowest", "␣n", "ew", "est"] in rows
    assert [str(token["id"]) for token in explained["tokens"]] in rows
    assert ["17", "es", "+", "t", "␣", "n", "e", "w", "est"] in rows


def test_tokenize_with_a_run_tells_what_is_unknown(explain, small_run):
    explained = explain("tokenize", small_run, "the ÿ king", "--json")
    assert explained["unknown"] == ["ÿ"]
    assert explained["words"] is None
    tokenizer = load_run(small_run).tokenizer
    assert [t["id"] for t in explained["tokens"]] == tokenizer.encode("the ÿ king").tolist()
    shown = explain("tokenize", small_run, "the ÿ king")
    assert "Unknown: ÿ" in shown
    assert "does not merge" in shown


def test_tokenize_trains_on_data_and_spells_bytes(explain, text_file):
    explained = explain("tokenize", "word", "The KING abdicates", "--data", text_file, "--json")
    assert (explained["decoded"], explained["unknown"]) == ("the king \ufffd", ["abdicates"])
    shown = explain("tokenize", "byte-bpe", "é", "--data", text_file, "--vocab-size", 300)
    assert "<0xC3> <0xA9>" in shown
    assert f"byte-bpe, trained on {text_file}" in shown


def test_tokenize_escapes_what_would_move_the_cursor(explain):
    for arguments in ([], ["--json"]):
        assert "\x1b" not in str(explain("tokenize", "bpe", "a\x1b[31mb", *arguments))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["bqe", "x"], "there is no run in 'bqe', and unknown tokenizer 'bqe', did you mean bpe"),
        (["{run}", "x", "--data", "shakespeare"], "leave out --data"),
        (["char", "x", "--vocab-size", 9], "has no option 'vocab_size'"),
        (["bpe", "abcdef", "--vocab-size", 5], "give vocab_size=10 or more"),
    ],
)
def test_tokenize_refuses_in_one_line(arguments, expected, explain, small_run):
    shown = explain("tokenize", *(str(a).format(run=small_run) for a in arguments), code=2)
    assert (shown.count("\n"), expected in shown) == (1, True), shown


# ------------------------------------------------------------------------ forward


def test_forward_equals_the_model(explain, small_run):
    model, tokenizer, _, _ = load_run(small_run)
    explained = explain("forward", small_run, TEXT, "--top", 3, "--json")
    ids = tokenizer.encode(TEXT)[None]
    logits = model(ids)
    assert [token["id"] for token in explained["tokens"]] == ids[0].tolist()
    p = softmax(logits[0, -1].astype(float))
    _assert_likeliest(explained["next"], p)
    outputs = {output["module"]: output for output in explained["outputs"]}
    assert set(outputs) == {name for name, _ in model.named_modules()}
    assert outputs[""]["parameters"] == model.num_parameters()
    e = model.token_embedding(ids)
    shown = outputs["token_embedding"]
    assert shown["shape"] == list(e.shape)
    assert [shown["mean"], shown["std"], shown["largest"]] == pytest.approx(
        [e.mean(), e.std(), np.abs(e).max()], rel=1e-3
    )


def test_forward_reads_the_stream_after_each_block(explain, small_run):
    model, tokenizer, _, _ = load_run(small_run)
    explained = explain("forward", small_run, TEXT, "--json")
    ids = tokenizer.encode(TEXT)[None]
    x = model.token_embedding(ids) + model.position_embedding(np.arange(ids.shape[1]))
    places = [reading["module"] for reading in explained["readings"]]
    assert places == ["embeddings", "blocks.0", "blocks.1"]
    for block, reading in zip([None, *model.blocks], explained["readings"], strict=True):
        x = x if block is None else block(x)
        _assert_likeliest(reading["next"], softmax(model.head(model.ln_f(x))[0, -1]))
    assert explained["readings"][-1]["next"] == explained["next"]


def _assert_likeliest(predictions, p):
    ids = [prediction["token"]["id"] for prediction in predictions]
    shares = [prediction["probability"] for prediction in predictions]
    assert shares == pytest.approx(np.sort(p)[::-1][: len(ids)], rel=1e-4)
    assert shares == pytest.approx(p[ids], rel=1e-4)


def test_forward_shows_every_module_and_its_mathematics(explain, small_run):
    shown = explain("forward", small_run, TEXT)
    lines = shown.splitlines()
    for name, _ in load_run(small_run).model.named_modules():
        assert any(line.split()[:1] == [name or "GPT"] for line in lines), name
    assert "(1, 29, 128)" in shown
    assert "y = x W + b over the last axis: (..., I) -> (..., O)." in shown
    assert "␣" in shown.partition("The next token")[2]


def test_forward_keeps_the_end_of_a_long_text(explain, small_run):
    explained = explain("forward", small_run, TEXT * 2, "--json")
    assert (len(explained["tokens"]), explained["left_out"]) == (32, 26)
    assert "26 tokens before these are left out" in explain("forward", small_run, TEXT * 2)
    assert "the text is too short" in explain("forward", small_run, "", code=2)


# ----------------------------------------------------------------------- backward


def test_backward_equals_the_gradients(explain, small_run):
    model, tokenizer, _, _ = load_run(small_run)
    explained = explain("backward", small_run, TEXT, "--json")
    ids, criterion = tokenizer.encode(TEXT)[None], CrossEntropy()
    assert explained["loss"] == criterion(model.train()(ids[:, :-1]), ids[:, 1:])
    dlogits = criterion.backward()
    dx = model.head.backward(dlogits)
    norms = {module["module"]: module["norm"] for module in explained["modules"]}
    assert norms["loss"] == pytest.approx(np.linalg.norm(dlogits))
    assert norms["head"] == pytest.approx(np.linalg.norm(dx))
    model.head.dweight[...] = model.head.dbias[...] = 0
    model(ids[:, :-1])
    model.backward(dlogits)
    parameters = {p["parameter"]: p["norm"] for m in explained["modules"] for p in m["parameters"]}
    assert parameters == pytest.approx(
        {name: np.linalg.norm(grad) for name, grad in model.grads().items()}
    )


def test_backward_shows_the_mathematics_beside_each_norm(explain, small_run):
    rows = [line.split(maxsplit=2) for line in explain("backward", small_run, TEXT).splitlines()]
    formulas = {row[0]: row[2].strip() for row in rows if len(row) == 3}
    assert formulas["head"] == "dx = dy Wᵀ, (..., O) -> (..., I)"
    assert formulas["gamma"] == "dγ = Σ dy x̂"
    assert formulas["blocks.1.ff.activation"] == "dx = dy where x > 0, else 0"


# ---------------------------------------------------------------------- attention


def test_attention_rows_are_causal_and_sum_to_one(explain, small_run):
    explained = explain("attention", small_run, TEXT, "--json")
    heads = [(head["layer"], head["head"]) for head in explained["heads"]]
    assert heads == [(0, 0), (0, 1), (1, 0), (1, 1)]
    for head in explained["heads"]:
        weights = np.array(head["weights"])
        np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
        assert not np.triu(weights, 1).any()
    one = explain("attention", small_run, TEXT, "--layer", 1, "--head", 0, "--json")
    assert one["heads"] == [explained["heads"][2]]


def test_attention_shows_all_heads_or_the_rows_of_some(explain, small_run):
    shown = explain("attention", small_run, TEXT)
    assert sum(line.split()[:2] == ["1", "0"] for line in shown.splitlines()) == 1
    assert "the last token, n," in shown
    shown = explain("attention", small_run, "the", "--layer", 1)
    assert ("Layer 1, head 0" in shown, "Layer 1, head 1" in shown) == (True, True)
    assert "Layer 0" not in shown
    rows = [line.split() for line in shown.splitlines()]
    assert ["t", "h", "e"] in rows
    assert ["t", "██", "100%", "t"] in rows


def test_attention_is_drawn_where_matplotlib_is(explain, small_run, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    path = tmp_path / "attention.png"
    shown = explain("attention", small_run, TEXT, "--head", 0, "--out", path)
    assert f"The picture is {path}." in shown
    assert path.read_bytes().startswith(b"\x89PNG")
    shown = explain("attention", small_run, TEXT, "--out", tmp_path / "a.gif", code=2)
    assert "expected a name in .png or .svg" in shown
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    shown = explain("attention", small_run, TEXT, "--out", path, code=2)
    assert 'pip install "npgpt-train[plot]"' in shown


def test_attention_refuses_a_layer_that_is_not_there(explain, small_run):
    shown = explain("attention", small_run, TEXT, "--layer", 2, code=2)
    assert shown == "Error: there is no layer 2: they go from 0 to 1\n"


# --------------------------------------------------------------------------- step


def test_step_is_the_step_that_training_did(explain, small_run):
    lines = map(json.loads, (small_run / "metrics.jsonl").read_text().splitlines())
    recorded = {line["step"]: line for line in lines if "loss" in line}[3]
    explained = explain("step", small_run, "--checkpoint", 2, "--json")
    assert explained["number"] == 3
    assert {name: explained[name] for name in ("loss", "grad_norm", "lr")} == {
        name: recorded[name] for name in ("loss", "grad_norm", "lr")
    }


def test_step_tells_the_update_of_every_weight(npgpt, explain, text_file, tmp_path):
    out = tmp_path / "each"
    flags = ["--preset", "tiny", "--max-iters", 4, "--eval-interval", 1, "--eval-iters", 1]
    flags += ["--set", "model.dropout=0.2", "--grad-accumulation", 2, "--grad-clip", 0.1]
    assert npgpt("train", "--data", text_file, "--out", out, *flags).exit_code == 0
    explained = explain("step", out, "--checkpoint", 2, "--json")
    before, after = (load_run(out, step).model.parameters() for step in ("2", "3"))
    assert [p["gradient"] for p in explained["parameters"]] == sorted(
        (p["gradient"] for p in explained["parameters"]), reverse=True
    )
    for p in explained["parameters"]:
        name = p["parameter"]
        update, weight = (np.linalg.norm(a) for a in (after[name] - before[name], before[name]))
        assert p["update"] == pytest.approx(update, rel=1e-4), name
        assert p["relative"] == pytest.approx(update / weight, rel=1e-4), name
    assert explained["scale"] == pytest.approx(0.1 / explained["grad_norm"])
    assert explained["rows"] == 16


def test_step_says_what_the_loss_is_afterwards(explain, small_run):
    explained = explain("step", small_run, "--json")
    again = explain("step", small_run, "--json")
    assert explained == again
    assert explained["number"] == 5
    assert explained["loss_after"] < explained["loss"]
    shown = explain("step", small_run)
    assert f"the same rows: loss {explained['loss_after']:.4f}" in shown
    assert "Step 5, on a copy" in shown


def test_nothing_of_the_run_changes(explain, small_run):
    before = tree(small_run)
    explain("tokenize", small_run, TEXT)
    explain("step", small_run)
    for command in ("forward", "backward", "attention"):
        explain(command, small_run, TEXT)
    assert tree(small_run) == before


@pytest.mark.parametrize("command", ["forward", "backward", "attention", "step"])
def test_what_is_no_run_is_one_line(command, explain, tmp_path):
    text = [] if command == "step" else [TEXT]
    assert "holds no run" in explain(command, tmp_path, *text, code=2)


# ----------------------------------------------------------------------- terminal


@pytest.mark.parametrize(
    "arguments",
    [
        ["tokenize", "byte-bpe", "é日本 the king\nspeaks"],
        ["forward", "{run}", TEXT],
        ["backward", "{run}", TEXT],
        ["attention", "{run}", TEXT],
        ["attention", "{run}", TEXT, "--layer", "0"],
        ["step", "{run}"],
    ],
)
def test_a_terminal_gets_colours_in_80_columns(arguments, explain, small_run, monkeypatch):
    file = StringIO()
    terminal = Console(
        file=file, force_terminal=True, color_system="truecolor", width=80, highlight=False
    )
    monkeypatch.setattr("npgpt_cli.show.console.Console", lambda **_: terminal)
    monkeypatch.setattr("npgpt_cli.show.console.is_terminal", lambda: True)
    explain(*(argument.format(run=small_run) for argument in arguments))
    lines = file.getvalue().splitlines()
    assert max(Text.from_ansi(line).cell_len for line in lines) <= 80
    assert any("\x1b[" in line for line in lines)


# ----------------------------------------------------------------------- page


def test_page_writes_one_file_of_the_run(explain, small_run, tmp_path):
    before = tree(small_run)
    path = tmp_path / "page.html"
    assert explain("page", small_run, TEXT, "--out", path) == f"The page is {path}.\n"
    assert tree(small_run) == before
    assert path.stat().st_size < 400_000
    page = path.read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "<title>run – npgpt explain</title>" in page


def test_page_goes_back_from_the_token_that_was_asked_for(explain, small_run, tmp_path):
    path = tmp_path / "page.html"
    explain("page", small_run, TEXT, "--out", path, "--target", 3)
    assert '"target":3,' in path.read_text("utf-8")
    refused = explain("page", small_run, TEXT, "--out", path, "--target", 99, code=2)
    assert "there is no loss of token 99" in refused
