"""Small commands, the errors of all of them, and what a part says of itself."""

import json
import os
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from npgpt_cli import scaffold, terminal
from npgpt_cli.main import main
from npgpt_cli.show.describe import summary
from npgpt_core import registry
from npgpt_core.layers.linear import Linear
from npgpt_core.testing.layers import cases
from npgpt_train.evaluation import Evaluation
from npgpt_train.run.listing import RunSummary
from npgpt_train.run.reference import ReferenceComparison
from npgpt_train.settings.settings import SETTINGS


def npgpt(*args, stdin=None):
    return CliRunner().invoke(main, [str(a) for a in args], input=stdin)


# ------------------------------------------------------------------------------- runs

DATE = datetime(2026, 11, 5, 4, 3)
FINISHED = RunSummary(
    Path("runs/a"), "finished", DATE, ("x.txt", "y.txt"), "char", "gpt", 99, 1200, 3400, 2.25, 1000
)
BEGUN = RunSummary(Path("runs/b"), "unfinished", DATE, ("x\n.txt",), "char", "gpt", 99, 0, 3400)
DAMAGED = RunSummary(Path("runs/c"), "damaged", DATE, reason="run.json is\x1b damaged")


@pytest.fixture
def listed(monkeypatch):
    entries = [FINISHED, BEGUN, DAMAGED]
    monkeypatch.setattr("npgpt_train.run.listing.list_runs", lambda folder: entries)
    return entries


def test_runs_are_a_table_with_what_is_known(listed):
    head, *rows, reason = npgpt("runs").output.splitlines()
    assert head.split("  ")[0] == "run"
    assert [" ".join(row.split()) for row in rows] == [
        "runs/a finished 1,200 of 3,400 2.2500 at 1,000 x.txt y.txt char gpt 2026-11-05 04:03",
        r"runs/b unfinished 0 of 3,400 x\n.txt char gpt 2026-11-05 04:03",
        "runs/c damaged 2026-11-05 04:03",
    ]
    assert reason == r"runs/c: run.json is\x1b damaged"


def test_runs_as_json_have_every_field(listed):
    records = json.loads(npgpt("runs", "--json").output)
    assert [record["folder"] for record in records] == ["runs/a", "runs/b", "runs/c"]
    assert records[0] == {
        "folder": "runs/a",
        "state": "finished",
        "date": "2026-11-05T04:03:00",
        "data": ["x.txt", "y.txt"],
        "tokenizer": "char",
        "model": "gpt",
        "parameters": 99,
        "step": 1200,
        "steps": 3400,
        "best_loss": 2.25,
        "best_step": 1000,
        "reason": "",
    }


def test_no_runs_are_told(listed):
    listed.clear()
    assert npgpt("runs", "dir").output == "there are no runs below dir\n"
    assert npgpt("runs", "--json").output == "[]\n"


# ------------------------------------------------------------------------ check-grads


def test_right_gradients_are_ok_and_wrong_ones_exit_with_1(monkeypatch):
    result = npgpt("check-grads", "Linear", "ReLU")
    assert (result.exit_code, result.output.count(" ok")) == (0, 2)
    right = Linear.backward
    monkeypatch.setattr(Linear, "backward", lambda self, dy: 1.01 * right(self, dy))
    result = npgpt("check-grads", "ReLU", "Linear")
    assert (result.exit_code, result.output.count(" ok"), result.output.count("WRONG")) == (1, 1, 1)


def test_one_that_cannot_be_checked_hides_no_other(monkeypatch):
    def unbuilt():
        raise TypeError("no width\nwas given")

    right = cases.gradient_cases()
    monkeypatch.setattr(cases, "gradient_cases", lambda: {"Bent": unbuilt, **right})
    result = npgpt("check-grads", "Bent", "Linear")
    assert (result.exit_code, result.stdout.count(" ok")) == (1, 1)
    assert result.stderr == "Warning: Bent is left out: TypeError: no width was given\n"
    few = {name: case for name, case in right.items() if name in ("Linear", "ReLU")}
    monkeypatch.setattr(cases, "gradient_cases", lambda: {"Bent": unbuilt, **few})
    assert (npgpt("check-grads").exit_code, npgpt("check-grads").stdout.count(" ok")) == (0, 2)
    monkeypatch.setattr(Linear, "backward", lambda self, dy: dy)
    result = npgpt("check-grads")
    assert (result.exit_code, result.stdout.count(" ok")) == (1, 1)
    assert "Warning: Linear is left out: AssertionError: the gradient of x has" in result.stderr


def test_what_cannot_be_checked_is_told():
    result = npgpt("check-grads", "Linear", "Curved")
    assert result.exit_code == 2
    assert "there is no 'Curved' to check: choose from " in result.output


# --------------------------------------------------------------------------- tokenize


def test_a_file_that_is_no_tokenizer_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "names", lambda kind: [])
    path = tmp_path / "x.json"
    missing = npgpt("tokenize", path, "a")
    assert missing.exit_code == 2
    assert f"there is no run and no file {path}" in missing.output
    path.write_text("{}")
    assert f"no installed tokenizer reads {path}" in npgpt("tokenize", path, "a").output


def test_a_tokenizer_of_another_program_is_to_be_imported(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text('{"model": {"type": "BPE"}}')
    assert "has to be imported first: npgpt import " in npgpt("tokenize", path, "a").output


class Letters:
    vocab_size = 128

    @classmethod
    def from_state(cls, state):
        return cls()

    def encode(self, text):
        return [ord(c) for c in text]

    def decode(self, ids):
        return "".join(map(chr, ids))


@pytest.fixture
def letters(tmp_path, monkeypatch):
    load = registry.load
    monkeypatch.setattr(registry, "names", lambda kind: ["letters"])
    monkeypatch.setattr(registry, "load", lambda k, n: Letters if n == "letters" else load(k, n))
    path = tmp_path / "letters.json"
    path.write_text("{}")
    return path


def test_text_becomes_ids_and_ids_text(letters):
    assert npgpt("tokenize", letters, "ab").output == "97 98\n"
    assert npgpt("tokenize", letters, stdin="ab").output == "97 98\n"
    assert npgpt("tokenize", letters, "--decode", "97, 27,98").output == "a\\x1bb\n"
    assert npgpt("tokenize", letters, "--decode", "--raw", "97 27").output == "a\x1b\n"


@pytest.mark.parametrize(
    ("ids", "wrong"), [("0 127", None), ("128", "128"), ("-1", "-1"), ("²", "²")]
)
def test_ids_are_those_of_the_tokenizer(ids, wrong, letters):
    result = npgpt("tokenize", letters, "--decode", "--", ids)
    assert result.exit_code == (2 if wrong else 0)
    if wrong:
        assert "expects ids from 0 to 127" in result.output
        assert f"'{wrong}' is none" in result.output


# ------------------------------------------------------------------ evaluate, generate


@pytest.fixture
def measured(monkeypatch):
    """A run whose measures are known, and what is said of its training."""
    result = Evaluation(loss=2.0, tokens=1000, characters=4000, unknown=0.125)
    run = SimpleNamespace(metrics=list)
    beside = ReferenceComparison(10, 2.0, 1.5, "tiny, char, plays")
    monkeypatch.setattr("npgpt_train.run.loading.Run.open", lambda folder: run)
    monkeypatch.setattr("npgpt_train.evaluation.evaluate_run", lambda *arguments: result)
    monkeypatch.setattr(
        "npgpt_train.run.reference.compare_to_reference", lambda run, metrics: beside
    )
    monkeypatch.setattr(
        "npgpt_train.run.reference.verdict", lambda run, metrics: "a lower `lr` helps"
    )


def test_an_evaluation_is_lines_or_json(measured):
    assert npgpt("evaluate", "run").output.splitlines() == [
        "loss                2.0000 nats per token",
        "perplexity          7.39 per token",
        "bits per character  0.7213",
        "read                1,000 tokens, 4,000 characters",
        "unknown             12.50% of the tokens, which cost too little",
        "while training      a lower --lr helps",
    ]
    record = json.loads(npgpt("evaluate", "run", "--json").output)
    assert record["perplexity"] == pytest.approx(7.389, abs=1e-3)
    assert record["bits_per_character"] == pytest.approx(0.7213, abs=1e-4)
    assert (record["loss"], record["tokens"], record["characters"]) == (2.0, 1000, 4000)
    assert (record["unknown"], record["verdict"]) == (0.125, "a lower --lr helps")
    assert record["reference"]["expected"] == 1.5


@pytest.mark.parametrize("count", [1, 3])
def test_several_samples_are_numbered_and_their_seeds_follow(count, monkeypatch):
    tokenizer = SimpleNamespace(
        encode=lambda text: [ord(c) for c in text],
        decode=lambda ids: "".join(map(chr, ids)),
        pad_id=0,
        unk_id=1,
        eos_id=3,
    )
    loaded = (SimpleNamespace(nbytes=0), tokenizer, None, None)
    monkeypatch.setattr("npgpt_train.run.loading.load_run", lambda *a: loaded)
    run = SimpleNamespace(record=SimpleNamespace(ends_texts=False))
    monkeypatch.setattr("npgpt_train.run.folder.Run.open", lambda folder: run)

    def stream(model, ids, seed, **options):
        assert options["suppress_tokens"] == [0, 1]
        return iter([[ord("a") + seed]])

    monkeypatch.setattr("npgpt_core.generation.stream", stream)
    options = ["--prompt", "x", "--seed", "4", "--num-samples", count]
    heads = [f"--- sample {i} ---\n" if count > 1 else "" for i in range(1, count + 1)]
    texts = [f"{head}x{letter}\n" for head, letter in zip(heads, "efg"[:count], strict=True)]
    assert npgpt("generate", "run", *options).output == "".join(texts)
    lines = npgpt("generate", "run", *options, "--json").output.splitlines()
    assert [json.loads(line)["seed"] for line in lines] == list(range(4, 4 + count))


def test_an_empty_prompt_is_refused(monkeypatch):
    tokenizer = SimpleNamespace(encode=lambda text: [])
    loaded = (SimpleNamespace(nbytes=0), tokenizer, None, None)
    monkeypatch.setattr("npgpt_train.run.loading.load_run", lambda *a: loaded)
    result = npgpt("generate", "run", "--prompt", "")
    assert result.exit_code == 2
    assert "the prompt is empty: give at least one character" in result.output


# ------------------------------------------------------------------- errors of all of them


def test_a_command_that_is_not_there_is_named():
    result = npgpt("evaluat", "run", "--json")
    assert result.exit_code == 2
    assert "unknown command 'evaluat', did you mean evaluate?" in result.output


def fails_with(error, monkeypatch):
    def fail(folder):
        raise error

    monkeypatch.setattr("npgpt_train.run.listing.list_runs", fail)
    return npgpt("runs")


def test_ctrl_c_ends_with_its_signal_and_a_word(monkeypatch):
    result = fails_with(KeyboardInterrupt(), monkeypatch)
    assert result.exit_code == 128 + 2
    assert result.output == "\nstopped\n"


@pytest.mark.parametrize(
    ("error", "reason"), [(MemoryError("8 GiB"), r" \(8 GiB\)"), (MemoryError(), "")]
)
def test_too_little_memory_is_one_line(error, reason, monkeypatch):
    result = fails_with(error, monkeypatch)
    assert result.exit_code == 2
    assert result.output.splitlines()[-1].startswith("Error: the memory is not enough")
    assert ("(8 GiB)" in result.output) == bool(reason)
    assert "free some" in result.output
    assert "batch_size" not in result.output


@pytest.mark.parametrize(("seeds", "is_refused"), [("0", True), ("1", False)])
def test_a_number_out_of_range_is_refused_and_no_other(seeds, is_refused, tmp_path):
    out = tmp_path / "out"
    result = npgpt("compare", "--seeds", seeds, "--data", "nowhere.txt", "--out", out)
    assert result.exit_code == 2
    assert ("'--seeds': 0 is not in the range" in result.output) == is_refused
    assert not out.exists()


# ----------------------------------------------------------------------------- the rest


@pytest.mark.parametrize("is_one", [True, False])
def test_standard_output_may_be_a_terminal_or_closed(is_one, monkeypatch):
    class Stream:
        def isatty(self):
            return is_one

    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", Stream())
        found = terminal.is_terminal()
        patch.setattr("sys.stdout", None)
        closed = terminal.is_terminal()
    assert (found, closed) == (is_one, False)


def test_a_summary_is_the_first_paragraph_on_one_line():
    def part():
        """Does one
        thing.

        And explains it.

        Args:
            x: not a summary.
        """

    def sections():
        """Args:
        x: not a summary.
        """

    assert (summary(part), summary(sections)) == ("Does one thing.", "")
    told = summary(main.get_command(None, "runs"))
    assert told == "List runs: what they are, how far they are, how good."


def test_a_new_package_asks_for_the_minor_version_that_it_was_made_with(monkeypatch, tmp_path):
    monkeypatch.setattr(scaffold, "__version__", "3.4.5")
    assert scaffold.Scaffold("optimizer", "slow").substitutions["minor"] == "3.4.0"
    result = npgpt("plugins", "new", "optimizer", "slow", "--out", tmp_path / "new")
    assert result.exit_code == 0
    assert "npgpt-core~=3.4.0" in (tmp_path / "new/pyproject.toml").read_text()
    assert os.listdir(tmp_path) == ["new"]


def test_every_setting_is_an_option_that_says_what_its_field_does():
    options = {option.name: option for option in registry.load("command", "train").params}
    for name, field in SETTINGS.items():
        option = options["optim" if name == "optimizer" else name]
        assert option.help.startswith(field.metadata["help"])
        assert option.help.endswith(f"[default: {field.metadata['shown']}]")
        if field.type in ("int", "float"):
            assert option.type.name == {"int": "integer", "float": "float"}[field.type]
