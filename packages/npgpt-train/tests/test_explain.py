"""Models taken apart: any model, any tokenizer, held against direct computation."""

import re
import shutil
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from npgpt_core import CrossEntropy, Embedding, Linear, Module, MultiHeadAttention, registry
from npgpt_core.errors import NpgptError
from npgpt_core.functional import softmax
from npgpt_core.layers.dropout import Dropout
from npgpt_core.layers.tied_head import TiedHead
from npgpt_core.testing.layers.cases import layer_cases
from npgpt_train import session, train
from npgpt_train.events import ignore
from npgpt_train.explain.attention import explain_attention
from npgpt_train.explain.backward import explain_backward
from npgpt_train.explain.formulas import backward_formulas, forward_formula
from npgpt_train.explain.forward import explain_forward
from npgpt_train.explain.picture import plot_attention
from npgpt_train.explain.step import explain_step
from npgpt_train.explain.tokenization import explain_tokenization, find_tokenizer
from npgpt_train.explain.tokens import Token, token, visible, window
from npgpt_train.loop.trainer import Trainer
from npgpt_train.run.folder import Run

LONG = 150  # tokens: more than two of the blocks that attention goes through

SPECIAL_TOKENS = {"<pad>": 0, "<unk>": 1, "<bos>": 2, "<eos>": 3}


class Letters:
    """a to z are 4 to 29."""

    special_tokens = SPECIAL_TOKENS
    pad_id, unk_id, bos_id, eos_id = range(4)
    vocab_size = 30

    def encode(self, text):
        return np.array(
            [ord(c) - 93 if c in "abcdefghijklmnopqrstuvwxyz" else 1 for c in text], int
        )

    def decode(self, ids):
        return "".join("\ufffd" if i == 1 else chr(i + 93) for i in ids)


class Halves(Letters):
    """Ids that are bytes, and know it."""

    def token_bytes(self, i):
        return bytes([i])


@dataclass(frozen=True)
class Config:
    vocab_size: int = 30
    block_size: int = LONG


class Plain(Module):
    """logits = h W, h = attention(e): (B, T) -> (B, T, V).

    Not made of blocks.
    """

    def __init__(self):
        super().__init__()
        rng = np.random.default_rng(0)
        self.config = Config()
        self.embedding = Embedding(30, 8, rng=rng, std=1)
        self.attention = MultiHeadAttention(8, 2, rng=rng)
        self.noise = Dropout(0.9, rng=rng)
        self.head = Linear(8, 30, rng=rng, std=1)
        self.parameter("temperature", np.ones(()))

    def forward(self, ids):
        self.keep(ids)
        return self.head(self.noise(self.attention(self.embedding(ids)))) * self.temperature

    def backward(self, dlogits):
        self.take()
        dx = self.attention.backward(self.noise.backward(self.head.backward(dlogits)))
        self.embedding.backward(dx)


class Shared(Module):
    """A stranger's attention: two heads, one key for both, and the mean of what they see."""

    def __init__(self):
        super().__init__()
        self.query, self.key = (Linear(8, n, rng=np.random.default_rng(0), std=3) for n in (8, 4))

    def attention_weights(self, x):
        q, k = np.stack(np.split(self.query(x), 2, axis=-1), axis=1), self.key(x)[:, None]
        future = np.triu(np.ones((x.shape[1], x.shape[1]), bool), 1)
        return softmax(np.where(future, -np.inf, q @ k.swapaxes(2, 3)))

    def forward(self, x, scale):
        return scale * Shared.attention_weights(self, x).mean(axis=1) @ x

    def backward(self, dy):
        raise NotImplementedError


class Stranger(Module):
    """Another architecture, which offers what can be taken apart."""

    def __init__(self):
        super().__init__()
        rng = np.random.default_rng(0)
        self.config = Config()
        self.words = Embedding(30, 8, rng=rng, std=1)
        self.blocks = [Shared(), Shared()]

    def forward(self, ids):
        x = self.words(ids)
        for block in self.blocks:
            x = block(x=x, scale=2)
        return self.logits(x)

    def logits(self, x):
        return x @ self.words.weight.T

    def backward(self, dlogits):
        raise NotImplementedError


@pytest.fixture(scope="module")
def model():
    model = Plain()
    model.attention.qkv.weight[...] *= 30
    return model.eval()


@pytest.fixture
def text():
    rng = np.random.default_rng(1)
    return "".join(map(chr, rng.integers(97, 123, LONG)))


# ------------------------------------------------------------------------- tokens


def test_tokens_are_texts_names_or_bytes():
    assert token(Letters(), 4) == Token(4, "a")
    assert token(Letters(), 1) == Token(1, "<unk>", special=True)
    assert token(Halves(), 97) == Token(97, "a")
    assert token(Halves(), 0xC3) == Token(0xC3, "<0xC3>")
    assert visible(" a\n\x1b") == "␣a↵\\x1b"


def test_a_window_is_the_end_of_a_text():
    seen = window(Letters(), "abcdef", 4)
    assert (Letters().decode(seen.ids), seen.left_out) == ("cdef", 2)
    assert window(Letters(), "ab", 4).left_out == 0
    with pytest.raises(NpgptError, match="0 of the 1 tokens"):
        window(Letters(), "", 4)


def test_a_tokenizer_that_does_not_merge_still_tells_what_is_unknown():
    explained = explain_tokenization(Letters(), "ab-!c")
    assert [t.text for t in explained.tokens] == ["a", "b", "<unk>", "<unk>", "c"]
    assert (explained.unknown, explained.words) == (["-!"], None)
    assert explained.decoded == "ab\ufffd\ufffdc"


def test_where_nothing_is_unknown_there_are_no_unknown_parts():
    assert explain_tokenization(Letters(), "abc").unknown == []
    assert explain_tokenization(Letters(), "").unknown == []


class Merging(Letters):
    """Merges the first pair of every word as often as there is one: "ab" is 30, "abc" 31."""

    def decode(self, ids):
        return "".join(
            {30: "ab", 31: "abc"}.get(int(i)) or super(Merging, self).decode([i]) for i in ids
        )

    def merge_stages(self, text):
        for word in text.split():
            letters = list(Letters.encode(self, word))
            stages = [letters]
            if word.startswith("ab"):
                stages.append([30, *letters[2:]])
            if word.startswith("abc"):
                stages.append([31, *letters[3:]])
            yield stages


def test_every_distinct_word_is_told_once_merge_by_merge():
    words = explain_tokenization(Merging(), "abcd x abcd ab").words
    assert [[t.text for t in word.pieces] for word in words] == [list("abcd"), ["x"], ["a", "b"]]
    merges = [
        [(m.left.text, m.right.text, m.merged.text, [p.text for p in m.pieces]) for m in w.merges]
        for w in words
    ]
    whole = ("a", "b", "ab", ["ab"])
    first, second = ("a", "b", "ab", ["ab", "c", "d"]), ("ab", "c", "abc", ["abc", "d"])
    assert merges == [[first, second], [], [whole]]


@pytest.fixture
def trained_on(small_parts, monkeypatch):
    """The texts that the tokenizer "letters" was trained on."""
    texts = []
    target = registry.load("tokenizer", "letters")
    monkeypatch.setattr(target, "train", lambda self, pieces: texts.append("".join(pieces)))
    return texts


def test_a_tokenizer_is_trained_on_a_text_or_as_a_run_would(trained_on):
    tokenizer, origin = find_tokenizer("letters", "to be", extra=2)
    assert (tokenizer.extra, trained_on) == (2, ["to be"])
    assert origin == "letters, trained on this text alone"
    _, origin = find_tokenizer("letters", "to be", ["play.txt"])
    whole = Path("play.txt").read_text()
    assert trained_on[1:] == [whole[: int(len(whole) * 0.9)]]
    assert origin == "letters, trained on play.txt"
    with pytest.raises(NpgptError, match="there is no run in 'words', and unknown tokenizer"):
        find_tokenizer("words", "to be")


def test_the_tokenizer_of_a_run_is_trained_already(run, trained_on):
    tokenizer, origin = find_tokenizer("run", "to be")
    assert (tokenizer.extra, trained_on) == (3, [])
    assert origin == "the tokenizer of run"
    for given in ({"data": ["play.txt"]}, {"vocab_size": 5}):
        with pytest.raises(NpgptError, match="the tokenizer of run is trained"):
            find_tokenizer("run", "to be", **given)


def test_a_tokenizer_may_be_in_a_file(run, trained_on):
    shutil.copy("run/tokenizer.json", "mine.json")
    tokenizer, origin = find_tokenizer("mine.json", "to be")
    assert (tokenizer.extra, trained_on) == (3, [])
    assert origin == "the tokenizer of mine.json"


# --------------------------------------------------------------------------- step


@pytest.fixture
def run(small_parts, monkeypatch):
    """Four steps of two batches of two rows, each with a checkpoint."""
    monkeypatch.setattr(session, "plot_curves", lambda metrics, path, title: None)
    given = {"max_iters": 4, "eval_interval": 1, "grad_accumulation": 2, "grad_clip": 0.1}
    options = {"tokenizer.extra": 3}
    with pytest.warns(match="by heart"):
        return train(out="run", keep=9, report=ignore, options=options, **{**small_parts, **given})


def test_an_explained_step_is_the_one_that_training_took(run):
    before, after = (run.checkpoints.load_model(n, 10**6)["table.weight"] for n in (2, 3))
    taken = run.metrics()[5]  # after the evaluations of step 0, 1 and 2
    step = explain_step(run, "2")
    assert (step.number, taken["step"]) == (3, 3)
    assert (step.rows, step.tokens) == (4, 4)
    assert (step.loss, step.grad_norm, step.lr) == (
        taken["loss"],
        taken["grad_norm"],
        taken["lr"],
    )
    assert (step.schedule, step.optimizer, step.grad_clip) == ("falling", "momentum", 0.1)
    assert step.scale == pytest.approx(min(1, 0.1 / taken["grad_norm"]))
    (table,) = step.parameters
    assert (table.parameter, table.shape) == ("table.weight", (128, 128))
    assert table.gradient == pytest.approx(taken["grad_norm"])
    change, size = np.linalg.norm(after - before), np.linalg.norm(before)
    for told in (step, table):
        assert told.update == pytest.approx(change, rel=1e-4)
        assert told.relative == pytest.approx(change / size, rel=1e-4)
    assert table.weight == pytest.approx(size, rel=1e-6)
    assert step.loss_after < step.loss


def test_training_and_explaining_take_one_step(run, monkeypatch):
    class Taken(Exception):
        pass

    def step(self, number):
        raise Taken(number)

    monkeypatch.setattr(Trainer, "step", step)
    with pytest.raises(Taken, match="2"):
        explain_step(run, "2")
    with pytest.raises(Taken, match="4"), pytest.warns(match="by heart"):
        train(out="run", resume=True, max_iters=5, report=ignore)


def test_a_step_follows_the_newest_checkpoint_and_writes_nothing(run):
    def files():
        return {p: p.read_bytes() for p in run.folder.rglob("*") if p.is_file()}

    there = files()
    assert explain_step(run).number == 5
    assert files() == there


def test_a_step_has_the_rows_of_all_ranks(run):
    run = Run(run.folder, replace(run.record, ranks=3))
    assert explain_step(run).rows == 2 * 2 * 3


@pytest.mark.parametrize("given", [{"data": ["play.txt"]}, {"batch_size": 1}, {"block_size": 1}])
def test_a_run_with_a_text_takes_the_next_batch_of_that(given, run):
    with pytest.raises(NpgptError, match=r"run has a text and batches of its own.* leave out"):
        explain_step(run, **given)


@pytest.mark.parametrize(("clip", "scale"), [(0.0, 1.0), (1e9, 1.0), (1e-3, None)])
def test_the_scale_is_what_clipping_makes_of_the_gradients(run, clip, scale):
    settings = replace(run.record.settings, grad_clip=clip)
    step = explain_step(Run(run.folder, replace(run.record, settings=settings)), "2")
    assert step.scale == (scale or pytest.approx(clip / step.grad_norm))
    assert step.grad_clip == clip


def test_a_step_that_training_would_not_take_is_refused(run, monkeypatch):
    monkeypatch.setattr(
        "npgpt_train.loop.trainer.Trainer.gradients", lambda self, step: float("inf")
    )
    with pytest.raises(NpgptError, match="step 5 has the loss inf"):
        explain_step(run)


def test_no_checkpoint_is_told(run):
    shutil.rmtree("run/checkpoints/step-000002")
    with pytest.raises(NpgptError, match="no checkpoint '2': there are 1, 3, 4"):
        explain_step(run, "2")


# ----------------------------------------------------------------------- formulas


class Two(Linear):
    """y = 2 ``x``.

    More.
    """

    def backward(self, dy):
        """dx = 2 dy; nothing else.

        More.
        """

    def bare(self):
        pass


def test_formulas_name_no_parameter_that_is_not_there():
    rng = np.random.default_rng(0)
    bare, embedding = Linear(2, 3, rng=rng, bias=False), Embedding(3, 2, rng=rng)
    assert forward_formula(bare) == "y = x W over the last axis: (..., I) -> (..., O)."
    assert backward_formulas(bare, 1)[1] == ["dW = xᵀ dy"]
    assert " + b" in forward_formula(TiedHead(embedding, bias=True))
    tied = TiedHead(embedding)
    assert " + b" not in forward_formula(tied)
    assert backward_formulas(tied, 0) == ("dx = dy E, (..., V) -> (..., C); dE = dyᵀ x", [])


@pytest.mark.parametrize("make", layer_cases().values(), ids=layer_cases())
def test_the_formula_of_a_layer_adds_a_bias_if_and_only_if_it_has_one(make):
    module, _ = make()
    own = module.own_parameters()
    shown = forward_formula(module) + backward_formulas(module, len(own))[0]
    assert ("bias" in own) == bool(re.search(r" \+ b\b", shown))


def test_formulas_are_the_first_lines_of_docstrings():
    two = Two(1, 1, rng=np.random.default_rng(0))
    assert forward_formula(two) == "y = 2 x."
    assert backward_formulas(two, 1) == ("dx = 2 dy", ["nothing else"])
    assert backward_formulas(two, 2) == ("dx = 2 dy; nothing else", ["", ""])
    assert backward_formulas(Plain(), 1) == ("", [""])


# ------------------------------------------------------------------------ forward


def test_forward_of_a_model_without_blocks(model, text):
    explained = explain_forward(model, Letters(), text, top=3)
    assert explained.readings is None
    names = ["embedding", "attention.qkv", "attention.proj", "attention", "noise", "head", ""]
    assert [output.module for output in explained.outputs] == names
    last = explained.outputs[-1]
    logits = model(Letters().encode(text)[None])
    assert (last.kind, last.shape, last.parameters) == ("Plain", (1, LONG, 30), 799)
    assert last.formula == "logits = h W, h = attention(e): (B, T) -> (B, T, V)."
    np.testing.assert_allclose(
        [last.mean, last.std, last.largest],
        [logits.mean(), logits.std(), np.abs(logits).max()],
        rtol=1e-5,
    )
    p = softmax(logits[0, -1])
    best = [prediction.token.id for prediction in explained.next]
    assert best == np.argsort(-p)[:3].tolist()
    np.testing.assert_allclose([n.probability for n in explained.next], p[best], rtol=1e-5)


def test_forward_reads_whatever_model_offers_its_blocks_and_logits():
    model = Stranger()
    readings = explain_forward(model, Letters(), "abcd", top=3).readings
    assert [reading.module for reading in readings] == ["embeddings", "blocks.0", "blocks.1"]
    x = model.words(Letters().encode("abcd")[None])
    for block, reading in zip([None, *model.blocks], readings, strict=True):
        x = x if block is None else block(x, 2)
        p = softmax(model.logits(x)[0, -1].astype(float))
        assert [n.token.id for n in reading.next] == np.argsort(-p)[:3].tolist()
    model.logits = None
    model.forward = lambda ids: Stranger.logits(model, model.words(ids))
    assert explain_forward(model, Letters(), "abcd").readings is None


def test_numbers_that_are_not_finite_are_shown_without_a_warning():
    sick = Plain()
    sick.head.bias[...] = np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert explain_forward(sick, Letters(), "ab").outputs[-1].largest == np.inf
        assert np.isnan(explain_backward(sick, Letters(), "ab").loss)


# ----------------------------------------------------------------------- backward


def test_backward_equals_training_without_dropout(model, text):
    explained = explain_backward(model, Letters(), text)
    direct, criterion = model.replica().train(), CrossEntropy()
    direct.noise.p = 0
    ids = Letters().encode(text)[None]
    assert explained.loss == criterion(direct(ids[:, :-1]), ids[:, 1:])
    direct.backward(criterion.backward())
    norms = {p.parameter: p.norm for module in explained.modules for p in module.parameters}
    assert norms == pytest.approx({n: np.linalg.norm(g) for n, g in direct.grads().items()})
    assert explained.norm == pytest.approx(np.linalg.norm(list(norms.values())))


def test_backward_walks_from_the_loss_to_the_model(model):
    explained = explain_backward(model, Letters(), "ab")
    names = ["loss", "head", "noise", "attention.proj", "attention.qkv", "attention", "embedding"]
    assert [module.module for module in explained.modules] == [*names, ""]
    by_name = {module.module: module for module in explained.modules}
    assert by_name["loss"].formula.startswith("dlogits = ")
    assert by_name["head"].formula.startswith("dx = dy Wᵀ")
    assert [(p.parameter, p.formula) for p in by_name["head"].parameters] == [
        ("head.weight", "dW = xᵀ dy"),
        ("head.bias", "db = Σ dy"),
    ]
    assert by_name["embedding"].norm is None
    assert [p.parameter for p in by_name[""].parameters] == ["temperature"]


def test_the_model_stays_as_it_was(model):
    before, grads = model.state_dict(), [grad.copy() for grad in model.grads().values()]
    for explain in (explain_forward, explain_backward, explain_attention):
        explain(model, Letters(), "abc")
    assert not any(module.training for _, module in model.named_modules())
    assert model.noise.p == 0.9
    for name, array in model.parameters().items():
        np.testing.assert_array_equal(array, before[name])
    for now, then in zip(model.grads().values(), grads, strict=True):
        np.testing.assert_array_equal(now, then)


def test_backward_needs_two_tokens(model):
    with pytest.raises(NpgptError, match="1 of the 2 tokens"):
        explain_backward(model, Letters(), "a")


# ---------------------------------------------------------------------- attention


def test_attention_is_the_softmax_of_all_queries_at_once(model, text):
    explained = explain_attention(model, Letters(), text)
    x = model.embedding(Letters().encode(text)[None])[0].astype(float)
    q, k, _ = np.split(x @ model.attention.qkv.weight + model.attention.qkv.bias, 3, axis=-1)
    future = np.triu(np.ones((LONG, LONG), bool), 1)
    for head in explained.heads:
        own = slice(4 * head.head, 4 * head.head + 4)
        scores = np.where(future, -np.inf, q[:, own] @ k[:, own].T / np.sqrt(4))
        np.testing.assert_allclose(head.weights, softmax(scores), atol=1e-5)
    assert [(head.layer, head.head) for head in explained.heads] == [(0, 0), (0, 1)]


def test_attention_of_whatever_layer_offers_its_weights():
    model = Stranger()
    explained = explain_attention(model, Letters(), "abcd", layer=1)
    x = model.blocks[0](model.words(Letters().encode("abcd")[None]), 2)
    weights = model.blocks[1].attention_weights(x)[0]
    assert [(head.module, head.head) for head in explained.heads] == [
        ("blocks.1", 0),
        ("blocks.1", 1),
    ]
    for head in explained.heads:
        np.testing.assert_array_equal(head.weights, weights[head.head])


def test_layers_may_differ_in_their_number_of_heads(tmp_path):
    model = Stranger()
    last = model.blocks[1]
    last.attention_weights = lambda x: Shared.attention_weights(last, x)[:, :1]
    explained = explain_attention(model, Letters(), "abcd")
    assert [(head.layer, head.head) for head in explained.heads] == [(0, 0), (0, 1), (1, 0)]
    with pytest.raises(NpgptError, match="no head 1: they go from 0 to 0"):
        explain_attention(model, Letters(), "abcd", layer=1, head=1)
    pytest.importorskip("matplotlib")
    plot_attention(explained, tmp_path / "heads.svg")
    axes = re.findall('id="matplotlib.axis_', (tmp_path / "heads.svg").read_text())
    assert len(axes) == 2 * (3 + 1)  # of three heads and the scale of colours


def test_weights_of_another_shape_are_told_by_the_layer():
    model = Stranger()
    model.blocks[1].attention_weights = lambda x: np.ones((2, x.shape[1]))
    with pytest.raises(NpgptError, match=r"blocks.1 gave \(2, 4\), expected \(1, H, 4, 4\)"):
        explain_attention(model, Letters(), "abcd")


def test_habits_are_means_over_all_tokens_but_the_first(model):
    head = explain_attention(model, Letters(), "abc", head=1).heads[0]
    w = head.weights
    assert head.itself == pytest.approx((w[1, 1] + w[2, 2]) / 2)
    assert head.previous == pytest.approx((w[1, 0] + w[2, 1]) / 2)
    assert head.first == pytest.approx((w[1, 0] + w[2, 0]) / 2)
    assert head.distance == pytest.approx((w[1, 0] + w[2, 1] + 2 * w[2, 0]) / 2)
    assert explain_attention(model, Letters(), "a").heads[0].distance is None


@pytest.mark.parametrize(
    ("layer", "head", "chosen"),
    [(None, None, [0, 1]), (0, None, [0, 1]), (None, 1, [1]), (0, 0, [0]), (0, 1, [1])],
)
def test_only_the_heads_that_were_asked_for_are_shown(model, layer, head, chosen):
    explained = explain_attention(model, Letters(), "abc", layer, head)
    assert [(h.layer, h.head) for h in explained.heads] == [(0, i) for i in chosen]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [({"layer": 1}, "no layer 1: they go from 0 to 0"), ({"head": 2}, "no head 2: .* 0 to 1")],
)
def test_a_layer_or_head_that_is_not_there_is_told(model, wanted, told):
    with pytest.raises(NpgptError, match=told):
        explain_attention(model, Letters(), "abc", **wanted)


def test_a_model_without_attention_says_so():
    linear = Linear(2, 2, rng=np.random.default_rng(0))
    linear.config = SimpleNamespace(block_size=4)
    with pytest.raises(NpgptError, match=r"Linear has no attention .* attention_weights\(x\)"):
        explain_attention(linear, Letters(), "a")


@pytest.mark.parametrize(
    ("length", "head", "named"),
    [(40, None, True), (40, 0, True), (41, None, False), (41, 0, False)],
)
def test_the_picture_names_up_to_40_tokens_in_every_panel(model, length, head, named, tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "attention.svg"
    text = "ab" * (length // 2) + "c" * (length % 2)
    explanation = explain_attention(model, Letters(), text, head=head)
    plot_attention(explanation, path, title="at whom")
    found = re.findall("<!-- [abc] -->", path.read_text())
    assert path.read_text().count("<!-- at whom -->") == 1
    assert len(found) == (2 * length * len(explanation.heads) if named else 0)


@pytest.mark.parametrize(("text", "head"), [("ab$x$", 0), ("日本", None), ("x" * 60, 1)])
def test_attention_can_be_drawn(model, text, head, tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "attention.png"
    plot_attention(explain_attention(model, Letters(), text, head=head), path, title="$x")
    assert path.read_bytes().startswith(b"\x89PNG")
