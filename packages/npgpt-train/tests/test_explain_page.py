"""A page as a file: its arrays, its policy, what was recorded, and what it says if that fails."""

import base64
import hashlib
import importlib.util
import json
import re
import zlib

import numpy as np
import pytest

from npgpt_core.errors import NpgptError, NpgptWarning
from npgpt_train import train
from npgpt_train.explain.backward import explain_backward, norm
from npgpt_train.explain.page import contents
from npgpt_train.explain.page.arrays import ArrayStore
from npgpt_train.explain.page.page import make_page, write_page
from npgpt_train.explain.page.recording import Passage, record
from npgpt_train.explain.page.rendering import render
from npgpt_train.explain.page.structure import structure
from npgpt_train.explain.page.words import step_lead, summary, text_note
from npgpt_train.run.folder import Run


def read(entry, encoded):
    """An array as the scripts of a page read it."""
    numbers = np.frombuffer(zlib.decompress(base64.b64decode(encoded)), "<f2").astype(float)
    size = int(np.prod(entry["shape"]))
    array = numbers[entry["start"] : entry["start"] + size].reshape(entry["shape"])
    array = array * entry["scale"]
    return array + read(entry["rest"], encoded) if "rest" in entry else array


@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1.0, 1e6, 1e30])
def test_float16_keeps_eleven_bits_of_any_magnitude_and_a_pair_twice_as_many(scale):
    array = np.random.default_rng(0).normal(0, scale, (50, 7))
    store = ArrayStore()
    once, pair = store.add(array), store.add_pair(array)
    encoded = store.encode()
    least = 1e-7 * scale
    np.testing.assert_allclose(read(once, encoded), array, rtol=2**-11, atol=least)
    np.testing.assert_allclose(read(pair, encoded), array, rtol=2**-21, atol=1e-3 * least)


def test_an_array_is_stored_once_in_part_if_need_be_and_as_it_is():
    store, array = ArrayStore(), np.array([[1.0, np.inf, np.nan], [0.0, -np.inf, -2.0]])
    entry = store.add(array)
    assert store.add(array) is entry
    assert store.add(None) is None
    part = store.add(array, 2)
    assert part["columns"] == 3
    encoded = store.encode()
    np.testing.assert_array_equal(read(entry, encoded), array)
    np.testing.assert_array_equal(read(part, encoded), array[:, :2])
    nothing = ArrayStore()
    assert read(nothing.add(np.zeros((3, 2))), nothing.encode()).tolist() == [[0, 0]] * 3


@pytest.fixture
def run(small_parts):
    with pytest.warns(NpgptWarning, match="by heart"):
        train(**small_parts, out="run")
    return Run.open("run")


def data_of(page):
    return json.loads(re.search('id="data">(.*)</script>', page)[1])


def test_the_policy_allows_its_script_and_style_and_nothing_else(run):
    page = make_page(run, "to be")
    policy = re.search('Content-Security-Policy" content="(.*?)"', page)[1].replace("&#39;", "'")
    for tag, kind in (("script", '<script type="module">'), ("style", "<style>")):
        inline = page.split(kind)[1].split(f"</{tag}>")[0]
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)


def test_what_is_recorded_is_what_explain_backward_finds(run):
    model, tokenizer = run.model(), run.tokenizer()
    text = "to be"
    found = explain_backward(model, tokenizer, text)
    model.train().use_rng(None)
    recording = record(model, tokenizer.encode(text), None)
    assert recording.loss == pytest.approx(found.loss)
    norms = {p.parameter: p.norm for module in found.modules for p in module.parameters}
    assert {name: norm(grad) for name, grad in model.grads().items()} == pytest.approx(norms)
    walked = {m.module for m in found.modules if m.module != "loss"}
    assert {name for name, p in recording.passages.items() if p.dy is not None} == walked


def test_a_page_is_the_same_every_time_and_leaves_the_run_as_it_was(run):
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    page = make_page(run, "to be")
    assert make_page(run, "to be") == page
    assert {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()} == before


def test_the_step_is_what_the_optimizer_does_with_the_gradients_of_the_text(run):
    update = data_of(make_page(run, "to be", checkpoint="latest"))["update"]
    model = run.model("latest").train()
    model.use_rng(None)
    record(model, run.tokenizer().encode("o be"), 3)
    (parameter,) = update["parameters"]
    assert parameter["gradient"] == pytest.approx(norm(model.grads()["table.weight"]))
    assert parameter["update"] > 0
    assert update["loss_after"] < data_of(make_page(run, "to be", checkpoint="latest"))["loss"]


def test_without_a_text_the_model_writes_one(run):
    data = data_of(make_page(run))
    assert 1 < len(data["ids"]) <= data["block_size"]


def test_a_text_of_one_token_has_no_loss_and_no_step(run):
    data = data_of(make_page(run, "t"))
    assert data["loss"] is None
    assert data["update"] is None


@pytest.mark.parametrize("target", [0, 4, 100])
def test_a_token_without_a_loss_is_refused(run, target):
    with pytest.raises(NpgptError, match=f"no loss of token {target}: the text has 4 tokens"):
        make_page(run, "to be", target=target)


def test_without_jinja_it_says_how_to_install_it(run, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NpgptError, match=r'pip install "npgpt-train\[report\]"'):
        make_page(run, "to be")


def test_a_path_that_cannot_be_written_is_named(run, tmp_path):
    with pytest.raises(NpgptError, match="nowhere"):
        write_page(run, tmp_path / "nowhere" / "page.html", "to be")


def test_numbers_that_json_does_not_have_are_in_a_page(run):
    """A page of them was blank."""
    numbers = {"loss": float("nan"), "norms": [float("inf"), (-float("inf"), 1.5)]}
    assert data_of(render("a page", numbers, "")) == {
        "loss": "NaN",
        "norms": ["Infinity", ["-Infinity", 1.5]],
    }


def test_more_digits_are_for_the_last_parameters_that_fit(run, monkeypatch):
    with monkeypatch.context() as changed:
        changed.setattr(contents, "NUMBERS", 0)
        (held,) = data_of(make_page(run, "to be"))["parameters"].values()
    assert "rest" not in held["value"]
    (held,) = data_of(make_page(run, "to be"))["parameters"].values()
    assert held["value"]["rest"]["shape"] == held["value"]["shape"] == held["gradient"]["shape"]


def _passages(**ends):
    """Each from (x, y); a number is a stream of that value."""
    arrays = {}
    of = lambda value: arrays.setdefault(value, np.full((2, 3), float(value)))  # noqa: E731
    return {name: Passage(x=of(x), y=of(y)) for name, (x, y) in ends.items()}


PARENTS = {"wte": "", "wpe": "", "drop": "", "norm": "b", "attn": "b", "ff": "b", "b": "", "": None}


def test_the_structure_of_a_model_is_found_in_what_went_through_it():
    passages = _passages(
        wte=(0, 1), wpe=(0, 2), drop=(3, 3), norm=(3, 7), attn=(7, 5), ff=(8, 4), b=(3, 12)
    )
    assert structure(PARENTS, passages, ["b"]) == {
        "identities": ["drop"],
        "branches": {"b": [["norm", "attn"], ["ff"]]},
        "embeddings": ["wte", "wpe"],
    }


def test_another_structure_is_not_taken_for_that_of_branches():
    passages = _passages(wte=(0, 1), wpe=(0, 1), norm=(3, 7), attn=(7, 5), ff=(5, 4), b=(3, 4))
    found = structure(PARENTS, passages, ["b"])
    assert found["branches"] == {"b": None}
    assert found["embeddings"] == []


def test_a_page_says_what_it_can_do():
    known = {"has_weights": True, "unknown": []}
    said = summary("GPT", 1234, 50, 8, 0, **known)
    assert said.startswith("GPT, 1,234 parameters, after 50 steps. The page holds the weights")
    assert summary("GPT", 1, 1, 8, 3, **known).endswith(
        "last 8 tokens; 3 before them are left out."
    )
    assert "no code of its own for A, B." in summary(
        "X", 1, 1, 8, 0, has_weights=True, unknown=["A", "B"]
    )
    assert "too large" in summary("X", 1, 1, 8, 0, has_weights=False, unknown=["A"])
    may = {"computable": True, "weights": True, "encoder": {}}
    assert "does not know the tokenizer mine" in text_note(may | {"encoder": None}, "mine")
    assert "code for every module" in text_note(may | {"computable": False}, "mine")
    assert "takes the weights" in text_note({"computable": False, "weights": False}, "mine")
    assert text_note(may | {"encoder": {"letters": []}}, "mine") is None
    assert "one token" in step_lead(None, None)
    assert "no optimizer" in step_lead(None, 1.0)


def test_the_step_says_whether_it_is_clipped(run):
    lead = data_of(make_page(run, "to be", checkpoint="latest"))["step_lead"]
    assert re.match(
        r"What \w+ would do with the gradients of this page's first text, as step ", lead
    )
    assert re.search(r"The loss would go from \d+\.\d{4} to \d+\.\d{4}\.$", lead)
