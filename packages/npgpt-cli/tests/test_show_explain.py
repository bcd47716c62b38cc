"""What ``npgpt explain`` prints of an explanation: each of its numbers, beside its name."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from npgpt_cli.main import main
from npgpt_train.explain.attention import Attention, Head
from npgpt_train.explain.backward import Backward, ModuleGradient, ParameterGradient
from npgpt_train.explain.forward import Forward, Output, Prediction, Reading
from npgpt_train.explain.step import ParameterStep, Step
from npgpt_train.explain.tokenization import Merge, Tokenization, Word
from npgpt_train.explain.tokens import Token

A, B, AB = Token(4, "a"), Token(5, "b"), Token(6, "ab")


@pytest.fixture
def explained(monkeypatch):
    """The words of the lines that are printed of an explanation, and what it was asked for."""
    asked = []

    def explain(kind, explanation, *options):
        def work(*arguments, **others):
            asked.append(arguments)
            return explanation

        module = "tokenization" if kind == "tokenize" else kind
        monkeypatch.setattr(f"npgpt_train.explain.{module}.explain_{module}", work)
        loaded = (SimpleNamespace(), SimpleNamespace(), None, None)
        monkeypatch.setattr("npgpt_train.run.loading.load_run", lambda run, checkpoint: loaded)
        monkeypatch.setattr("npgpt_train.run.loading.Run.open", lambda run: run)
        found = (SimpleNamespace(), "char of nowhere")
        monkeypatch.setattr(
            "npgpt_train.explain.tokenization.find_tokenizer", lambda *a, **o: found
        )
        text = [] if kind == "step" else ["ab"]
        result = CliRunner().invoke(main, ["explain", kind, "run", *text, *options])
        assert result.exit_code == 0, result.output
        return [" ".join(line.split()) for line in result.output.splitlines()]

    explain.asked = asked
    return explain


FORWARD = Forward(
    [A, B],
    3,
    [
        Output("a.0.lin", "Linear", "y = x W", (1, 2, 8), 1234, 0.5, 1.5, 2.5),
        Output("b.lin", "Linear", "y = x W", (1, 2, 9), 0, -0.5, 1.25, 20000.0),
        Output("b.1", "Other", "y = 2 x", (1, 2, 9), 7, 0.0, 0.0, 0.0),
        Output("", "Model", "all", (1, 2, 30), 1241, 0.0, 0.0, 0.0),
    ],
    [Prediction(A, 0.75), Prediction(B, 0.05)],
    [Reading("embeddings", [Prediction(B, 0.5)]), Reading("blocks.0", [Prediction(A, 0.75)])],
)


def test_forward(explained):
    lines = explained("forward", FORWARD, "--top", "2")
    assert explained.asked[0][2:] == ("ab", 2)
    assert lines[0].startswith("3 tokens before these are left out")
    for row in (
        "a.0.lin (1, 2, 8) 1,234 0.500 1.500 2.500",
        "b.lin (1, 2, 9) -0.500 1.250 2.0e+04",
        "b.1 (1, 2, 9) 7 0.000 0.000 0.000",
        "Model (1, 2, 30) 1,241 0.000 0.000 0.000",
        "Linear y = x W",
        "lin",
        "Other y = 2 x",
        "b",
        "the model",
        "embeddings b 50%",
        "blocks.0 a 75%",
    ):
        assert lines.count(row) == 1, row
    assert "T = 2 tokens" in " ".join(lines)
    answers = [line for line in lines if "█" in line]
    assert [line.rpartition(" ")[0] for line in answers] == ["a 4 75%", "b 5 5.0%"]
    lines = explained("forward", dataclasses.replace(FORWARD, readings=None, left_out=0))
    assert lines[-1].startswith("This model cannot be read after each block")
    assert lines[0] == "a b"


def test_backward(explained):
    modules = [
        ModuleGradient("loss", "CrossEntropy", 0.25, "dl = p - y", []),
        ModuleGradient(
            "head",
            "Linear",
            1.5,
            "dx = dy W",
            [ParameterGradient("head.bias", (3,), 0.5, "db = Σ dy")],
        ),
        ModuleGradient("", "Model", None, "", []),
    ]
    lines = explained("backward", Backward([A, B, A], 0, 1.125, 2.25, modules))
    text = " ".join(lines)
    assert "The loss is 1.125 nats" in text
    assert "over the 2 tokens that follow" in text
    for row in ("loss 0.250 dl = p - y", "head 1.500 dx = dy W", "bias 0.500 db = Σ dy", "Model –"):
        assert lines.count(row) == 1, row
    assert lines[-1] == "The joint norm of the gradients of all parameters is 2.250."


STEP = Step(
    number=1234,
    rows=6,
    tokens=8,
    loss=2.5,
    grad_norm=4.0,
    grad_clip=1.0,
    scale=0.25,
    schedule="falling",
    lr=0.00125,
    optimizer="adam",
    update=0.5,
    relative=0.125,
    loss_after=2.25,
    parameters=[
        ParameterStep("w", (2,), 3.0, 4.0, 0.25, 0.0625),
        ParameterStep("b", (2,), 0.0, 2.0, 0.125, None),
    ],
)


def test_step(explained):
    lines = explained("step", STEP, "--checkpoint", "7")
    assert explained.asked[0][1] == "7"
    for row in (
        "Step 1,234, on a copy: the run stays as it is.",
        "forward 6 rows of 8 tokens: loss 2.5000",
        "backward 2 gradients: joint norm 4.000",
        "clipping all gradients times 0.250: a joint norm of 1 at most",
        "learning rate 0.00125 (falling)",
        "update adam: joint norm 0.50000, 12.500% of that of the parameters",
        "forward again the same rows: loss 2.2500 (-0.2500)",
    ):
        assert lines.count(row) == 1, row
    assert "The norms of each parameter, of its gradient and of its update" in " ".join(lines)
    rows = [line.split() for line in lines if "█" in line]
    assert [len(row.pop(3)) for row in rows] == [10, 5]
    assert rows == [
        ["w", "3.000", "4.000", "0.25000", "6.250%"],
        ["b", "0.000", "2.000", "0.12500", "–"],
    ]


@pytest.mark.parametrize(
    ("clip", "told"), [(0.0, "none: grad_clip is 0"), (5.0, "not needed: the joint norm may be 5")]
)
def test_a_step_that_was_not_clipped(clip, told, explained):
    lines = explained("step", dataclasses.replace(STEP, grad_clip=clip, scale=1.0))
    assert f"clipping {told}" in lines


def test_a_step_on_a_single_row(explained):
    lines = explained("step", dataclasses.replace(STEP, rows=1))
    assert "forward 1 row of 8 tokens: loss 2.5000" in lines


def test_a_step_without_gradients_has_no_bars(explained):
    zero = [dataclasses.replace(p, gradient=0.0) for p in STEP.parameters]
    assert "█" not in " ".join(explained("step", dataclasses.replace(STEP, parameters=zero)))


WEIGHTS = np.array([[1, 0, 0], [0.25, 0.75, 0], [0.05, 0.35, 0.6]])
HEADS = [Head(0, h, "attn", WEIGHTS, 0.675, 0.3, 0.15, None if h else 0.35) for h in (0, 1)]
ATTENTION = Attention([A, B, AB], 2, HEADS)


def test_attention_of_all_heads(explained):
    lines = explained("attention", ATTENTION)
    assert "The last" not in " ".join(lines[1:3])
    assert "What the last token, ab, looks at" in " ".join(lines)
    assert (
        lines.count("0 0 ░░▓▓██ 68% 30% 15% 0.3") + lines.count("0 0 ░░▓▓██ 68% 30% 15% 0.4") == 1
    )
    assert [line for line in lines if line.startswith("0 1 ")] == ["0 1 ░░▓▓██ 68% 30% 15% –"]
    assert lines[-1] == "A shade begins at: · 0% ░ 2% ▒ 10% ▓ 30% █ 60%."


@pytest.mark.parametrize(("layer", "head"), [(None, 1), (0, None), (0, 1)])
def test_attention_of_one_head(layer, head, explained):
    options = [f"--{k}={v}" for k, v in {"layer": layer, "head": head}.items() if v is not None]
    lines = explained("attention", dataclasses.replace(ATTENTION, heads=HEADS[1:]), *options)
    assert explained.asked[0][2:] == ("ab", layer, head)
    assert "Layer 0, head 1 (attn): each row says what its token looks at." in lines
    for row in ("a ██ 100% a", "b ▒▒██ 75% b", "ab ░░▓▓██ 60% ab"):
        assert lines.count(row) == 1, row


def test_attention_as_json(explained):
    (line,) = explained("attention", ATTENTION, "--json")
    record = json.loads(line)
    assert (record["left_out"], len(record["heads"])) == (2, 2)
    assert record["heads"][0]["weights"] == WEIGHTS.tolist()


MERGED = Tokenization(
    "ab b",
    1300,
    [AB, B],
    ["x", "é"],
    "ab?b",
    [Word([A, B], [Merge(A, B, AB, [AB])]), Word([B], [])],
)


def test_tokenize(explained):
    lines = explained("tokenize", MERGED)
    for row in (
        "char of nowhere: 1,300 ids",
        "4 characters become 2 tokens",
        "ab b",
        "6 5",
        "Unknown: x é",
        "The ids spell: ab?b",
        "at first a b",
        "6 a + b ab",
    ):
        assert lines.count(row) == 1, row
    whole = dataclasses.replace(MERGED, unknown=[], decoded="ab b", words=None)
    lines = explained("tokenize", whole)
    assert {"Nothing is unknown.", "The ids spell the text exactly."} <= set(lines)
    assert lines[-1] == "This tokenizer does not merge: it looks every token up."
    lines = explained("tokenize", dataclasses.replace(MERGED, unknown=None))
    assert "Something is unknown." in lines
