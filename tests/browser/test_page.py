"""``npgpt explain page`` in headless Chromium: held against NumPy, every part clicked through."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from npgpt_core import CrossEntropy, registry
from npgpt_core.escaping import printable
from npgpt_core.sampling import sample
from npgpt_core.tracing import tracing
from npgpt_tokenizers import (
    BPETokenizer,
    ByteBPETokenizer,
    CharTokenizer,
    PretrainedBPETokenizer,
    WordTokenizer,
)
from npgpt_train import load_run
from npgpt_train.explain.page.page import write_page
from npgpt_train.explain.page.recording import record
from npgpt_train.explain.page.rendering import SCRIPTS, TEMPLATES, script
from npgpt_train.explain.tokens import visible
from npgpt_train.imported import create_imported
from npgpt_train.run.folder import Run
from npgpt_train.run.sample import suppressed_ids

pytestmark = pytest.mark.once

TEXT = "the king speaks"
OTHER = "My queen\nsings with thy love, 'tis 12"
SIZES = {"block_size": 40, "n_layer": 2, "n_head": 4, "n_embd": 24}


def _pretrained(play):
    pairs = [b"th", b"he", b"the", b" t", b" the", b" k", b"in", b"ing", b" king", b"My"]
    return PretrainedBPETokenizer.from_vocabulary(
        [None, *(bytes([i]) for i in range(256)), *pairs],
        pattern="llama3",
        special_tokens={"<|end|>": 0},
        eos_id=0,
        ignore_merges=True,
    )


def _trained(tokenizer, play):
    tokenizer.train([play + OTHER])
    return tokenizer


MODELS = {
    "gpt-char": ("gpt", {}, lambda play: _trained(CharTokenizer(), play)),
    "gpt2-bpe": (
        "gpt",
        {"activation": "gelu", "tie_embeddings": True, "head_bias": False},
        lambda play: _trained(BPETokenizer(vocab_size=90), play),
    ),
    "gpt-pretrained": ("gpt", {}, _pretrained),
    "llama-byte-bpe": (
        "llama",
        {"n_kv_head": 2, "n_hidden": 32},
        lambda play: _trained(ByteBPETokenizer(vocab_size=300), play),
    ),
    "qwen-pretrained": (
        "llama",
        {"n_kv_head": 2, "n_hidden": 32, "qk_norm": True, "qkv_bias": True, "head_size": 8},
        _pretrained,
    ),
}


def imported(folder, name, options, tokenizer, fill=None):
    """A run of random weights, unless given so large that what they compute is no noise."""
    target = registry.load("model", name)
    config = {**SIZES, **options, "vocab_size": tokenizer.vocab_size}
    rng = np.random.default_rng(1)

    def usual(parameters):
        for array in parameters.values():
            array[...] = rng.normal(0, 0.25, array.shape)

    return create_imported(
        folder,
        model=name,
        options=config,
        parameters=target(target.Config(**config), rng=rng).num_parameters(),
        fill=fill or usual,
        tokenizer=tokenizer,
        tokenizer_name=tokenizer.name,
        imported_from="a test",
    )


@pytest.fixture(scope="module", params=MODELS)
def page(request, play, tmp_path_factory):
    """A run and its page."""
    name, options, make = MODELS[request.param]
    folder = tmp_path_factory.mktemp("page")
    run = imported(folder / "run", name, options, make(play))
    write_page(run, folder / "page.html", TEXT)
    return run, folder / "page.html"


def numpy_pass(run, text):
    """The ids, logits, loss of the last token and gradient norms of a text, by NumPy."""
    model, tokenizer, _, _ = load_run(run.folder)
    ids, norms = np.asarray(tokenizer.encode(text)), {}

    def look(name, module, inputs, output):
        norms[name] = np.linalg.norm(inputs[0].astype(float))

    with tracing(model, backward=look):
        logits, loss = _numpy_pass(model, ids)
    return ids, logits, loss, norms, model


def _numpy_pass(model, ids):
    criterion = CrossEntropy()
    logits = model.train()(ids[None])
    loss = criterion(logits[:, -2:-1], ids[None, -1:])
    dlogits = np.zeros_like(logits)
    dlogits[:, -2:-1] = criterion.backward()
    model.backward(dlogits)
    return logits[0], loss


def test_it_computes_what_numpy_does_of_the_first_and_of_another_text(browser, page):
    run, path = page
    browser.open(path)
    for text in (TEXT, OTHER):
        if text != TEXT:
            browser.type(text)
        ids, logits, loss, norms, model = numpy_pass(run, text)
        assert browser("return npgpt.shown.pass.ids") == ids.tolist()
        shown = np.reshape(browser("return [...npgpt.shown.pass.logits.data]"), logits.shape)
        np.testing.assert_allclose(shown, logits, rtol=0, atol=1e-3)
        assert browser("return npgpt.shown.pass.loss") == pytest.approx(loss, abs=1e-4)
        own = browser(
            "const norm = (x) => Math.hypot(...x.dy.data);"
            "return [...npgpt.shown.pass.passages].map(([name, p]) => [name, norm(p)])"
        )
        for name, norm in own:
            assert norm == pytest.approx(norms[name], rel=1e-3, abs=1e-6), name
        grads = browser(
            "return [...npgpt.parameters].map(([name, p]) => [name, [...p.gradient.data]])"
        )
        for name, numbers in grads:
            grad = model.grads()[name]
            error = np.linalg.norm(np.reshape(numbers, grad.shape) - grad)
            assert error <= 1e-3 * np.linalg.norm(grad) + 1e-6, name
    assert browser.complaints() == []


def test_arrays_are_those_of_the_model(browser, page):
    run, path = page
    browser.open(path)
    _, _, _, _, model = numpy_pass(run, TEXT)
    held = browser(
        "return [...npgpt.parameters].map(([n, p]) => [n, [...p.value.data], [...p.recorded.data]])"
    )
    for name, weights, gradient in held:
        array, grad = model.parameters()[name], model.grads()[name]
        np.testing.assert_allclose(np.reshape(weights, array.shape), array, rtol=2**-11)
        error = np.abs(np.reshape(gradient, grad.shape) - grad).max()
        assert error <= 2**-11 * np.abs(grad).max(), name


def test_the_gradient_of_the_scores_is_that_which_numpy_records(browser, page):
    run, path = page
    browser.open(path)
    model, tokenizer, _, _ = load_run(run.folder)
    ids = tokenizer.encode(TEXT)
    recorded = record(model.train(), ids, len(ids) - 1).attention
    assert len(recorded) == SIZES["n_layer"]
    for name, attention in recorded.items():
        for side, array in (("a", attention.weights), ("ds", attention.dscores)):
            shown = browser(
                "return [...npgpt.shown.pass.passages.get(arguments[0])[arguments[1]].data]",
                name,
                side,
            )
            np.testing.assert_allclose(np.reshape(shown, array.shape), array, atol=1e-4)


def test_every_array_is_that_which_numpy_records(browser, page):
    run, path = page
    browser.open(path)
    model, tokenizer, _, _ = load_run(run.folder)
    ids = tokenizer.encode(TEXT)
    passages = record(model.train(), ids, len(ids) - 1).passages
    shown = browser(
        "return [...npgpt.shown.pass.passages].map(([name, p]) => [name, Object.fromEntries("
        "['x', 'y', 'dx', 'dy'].map((side) => [side, p[side]?.data ? [...p[side].data] : null]))])"
    )
    assert {name for name, _ in shown} == passages.keys()
    for name, sides in shown:
        for side, numbers in sides.items():
            array = getattr(passages[name], side)
            assert (array is None) == (numbers is None), (name, side)
            if array is not None:
                error = np.linalg.norm(np.reshape(numbers, array.shape) - array)
                assert error <= 1e-3 * np.linalg.norm(array) + 1e-6, (name, side)


def test_the_slope_of_a_nudge_is_the_gradient(browser, page):
    browser.open(page[1])
    names = browser("return [...npgpt.parameters.keys()]")
    for name in names:
        browser.set("nudged", name, "change")  # goes to its steepest weight
        slope, own, recorded = (
            float(re.sub("−", "-", browser.text(id))) for id in ("slope", "gradient", "numpy")
        )
        assert own != 0
        assert slope == pytest.approx(own, rel=0.01), name
        assert recorded == pytest.approx(own, rel=0.01), name


def test_the_terms_of_a_number_add_up_to_it(browser, page):
    browser.open(page[1])
    sums = browser("""
        const found = [];
        for (const m of npgpt.modules.values()) {
          for (const side of ["y", "x", ...Object.keys(m.about.parameters)]) {
            for (const gradient of [false, true]) {
              const array = npgpt.arrayOf(m, side, gradient);
              for (let i = 0; array && i < 5; i++) {
                const r = (i * 7) % array.rows, c = (i * 5) % array.cols;
                const terms = npgpt.termsOf(m, side, gradient, r, c)?.terms;
                const sum = terms?.reduce((total, one) => total + one.value, 0) ?? null;
                const value = array.data[r * array.cols + c];
                const texts = terms?.map((one) => [one.text, one.value]) ?? [];
                found.push([`${m.about.name} ${side} ${gradient}`, value, sum, texts]);
              }
            }
          }
        }
        return found;""")
    for where, value, total, terms in sums:
        name, side, gradient = where.rsplit(" ", 2)
        if total is not None:
            assert total == pytest.approx(value, rel=1e-6, abs=1e-9), where
        else:  # all but what an attention does with its q, k and v
            is_weight = side not in ("x", "y") and gradient == "false"
            assert is_weight or name.endswith((".qkv", "_norm", ".rotary")), where
        for text, product in terms:
            assert text != f"d{side} of {name}", "a number is not explained by itself"
            if factors := re.search(r": (\S+) · (\S+)$", text):  # what is read can be multiplied
                a, b = (float(factor.replace("−", "-")) for factor in factors.groups())
                assert a * b == pytest.approx(product, rel=0.011, abs=1e-12), (where, text)


def test_the_gradient_goes_back_from_a_module_to_what_is_in_it(browser, page):
    browser.open(page[1])
    stops = browser(
        "return [...document.querySelectorAll('#stops .name')].map((e) => e.textContent)"
    )
    assert stops[0] == browser("return npgpt.data.model")
    for i, name in enumerate(stops):
        assert not any(name.startswith(f"{later}.") for later in stops[i:]), name


def test_everything_can_be_clicked_and_nothing_is_asked_for(browser, page):
    browser.open(page[1])
    for selector in (
        "[data-module]",
        ".stream .box",
        "#panel [aria-label=array] button",
        ".head",
        "#head .choice button",
        "#draw",
        "#undraw",
        "#stops summary",
        "#stops details button",
        "#original",
    ):
        assert browser("return document.querySelectorAll(arguments[0]).length", selector), selector
        browser.click(selector)
    browser("""
        const click = (selector) => document.querySelector(selector)?.click();
        for (const name of npgpt.modules.keys()) {
          click(`[data-module="${name}"]`);
          for (let i = 0; i < 2; i++) {
            click("#panel [aria-label^=values] button:not([aria-pressed=true])");
            click("#panel .frame");
          }
        }""")
    moved = {"temperature": 0, "top-k": 3, "top-p": 0.5, "change": 0.1, "merge": 1}
    for name, value in moved.items():
        browser.set(name, value)
    for target in ("all", "1"):
        browser.set("loss-of", target, "change")
        assert browser("return Number.isFinite(npgpt.shown.pass.loss)")
    browser.click("#draw")
    assert browser("return npgpt.shown.drawn.length") == 1
    assert browser.complaints() == []
    assert browser.requests() == []


def test_temperature_top_k_and_top_p_are_those_of_generate(browser, page):
    browser.open(page[1])
    browser.set("temperature", 0)
    assert browser.text("kept").startswith("1 of ")
    browser.set("temperature", 1)
    browser.set("top-k", 3)
    assert browser.text("kept").startswith("3 of ")
    browser.set("top-p", 0.05)
    assert browser.text("kept").startswith("1 of ")


class Evenly:
    """A generator that draws every number between 0 and 1 as often as any other."""

    def random(self, n):
        return (np.arange(n) + 0.5) / n


def test_the_bars_are_what_generate_would_draw(browser, plain):
    run, path = plain
    browser.open(path)
    texts = browser("return npgpt.data.vocabulary.texts")
    logits = browser("return [...npgpt.shown.pass.logits.data].slice(-arguments[0])", len(texts))
    rows = np.tile(logits, (10_000, 1))
    for options in ((0.2, len(texts), 1), (1, 4, 1), (1.5, len(texts), 0.6), (0.7, 8, 0.35)):
        for name, value in zip(("temperature", "top-k", "top-p"), options, strict=True):
            browser.set(name, value)
        ids = sample(rows, Evenly(), *options, suppressed_ids(run.tokenizer()))
        shares = np.bincount(ids, minlength=len(texts)) / len(ids)
        bars = browser(
            "return [...document.querySelectorAll('#next li')].map((e) =>"
            " [e.querySelector('.token').textContent, e.querySelector('.amount').textContent])"
        )
        assert len(bars) >= min(np.count_nonzero(shares), 12)
        for text, amount in bars:
            share = float(amount.rstrip(" %")) / 100
            assert share == pytest.approx(shares[texts.index(text)], abs=0.006), options


def test_it_fits_every_window_and_the_keys_reach_its_numbers(browser, page):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    browser.open(page[1])
    for width, dark in ((400, False), (640, True), (1280, True), (1280, False)):
        browser.resize(width, dark=dark)
        browser.wait()
        assert browser("return document.documentElement.scrollWidth") <= width
        cut_off = browser(
            "return [...document.querySelectorAll('td, th, caption, summary > *, .token, .amount')]"
            ".filter((e) => e.getBoundingClientRect().right > arguments[0])"
            ".map((e) => e.textContent)",
            width,
        )
        assert cut_off == []
    frame = browser.driver.find_element(By.CSS_SELECTOR, "#panel .frame")
    frame.send_keys(Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    assert browser("return document.querySelector('#panel .reading').textContent").count(
        "channel 1"
    )
    frame.send_keys(Keys.ENTER)
    assert browser("return document.querySelector('#panel h4').textContent").count("channel 1")
    switch = browser.driver.find_element(By.CSS_SELECTOR, "#panel [aria-pressed=false]")
    switch.send_keys(Keys.ENTER)
    assert browser("return document.activeElement.ariaPressed") == "true"  # still there
    unlabelled = browser(
        "return [...document.querySelectorAll('button,input,select,textarea,[tabindex]')]"
        ".filter((e) => !(e.textContent.trim() || e.labels?.length || e.ariaLabel))"
        ".map((e) => e.id)"
    )
    assert unlabelled == []


def test_the_scripts_are_javascript():
    node = shutil.which("node")
    if not node:
        pytest.skip("there is no node")
    command = [node, "--check", "--input-type=module"]
    done = subprocess.run(command, input=script(), text=True, capture_output=True)
    assert not done.returncode, done.stderr


def test_the_sources_are_short_and_none_is_forgotten():
    files = {path.name: path.read_text("utf-8").splitlines() for path in TEMPLATES.iterdir()}
    assert sum(map(len, files.values())) < 1500
    assert {f"{name}.js" for name in SCRIPTS} == {name for name in files if name.endswith(".js")}


def test_the_page_of_the_documents_has_the_scripts_of_today():
    """``python docs/scripts/update_page.py`` renews it."""
    path = Path(__file__).parents[2] / "docs/pages/tiny.html"
    assert script() in path.read_text("utf-8")
    assert path.stat().st_size < 1_000_000


@pytest.fixture(scope="module")
def plain(play, tmp_path_factory):
    """A run and its page, for what is the same of every model and tokenizer."""
    folder = tmp_path_factory.mktemp("plain")
    run = imported(folder / "run", "gpt", {}, _trained(CharTokenizer(), play))
    write_page(run, folder / "page.html", OTHER)
    return run, folder / "page.html"


def test_a_click_is_answered_before_all_is_computed_and_the_last_click_wins(browser, plain):
    run, path = plain
    browser.open(path)
    shown = browser("""
        const now = performance.now.bind(performance);
        let clock = 0;
        performance.now = () => (clock += 1000); // so that a slice is over after a module
        const loss = document.getElementById("loss-of"), before = npgpt.shown.pass;
        for (const target of ["3", "5"]) {
          loss.value = target;
          loss.dispatchEvent(new Event("change"));
        }
        document.getElementById("draw").click(); // not from logits that are not there yet
        performance.now = now;
        return [Number(document.documentElement.dataset.busy) > 0, npgpt.shown.pass === before,
          npgpt.shown.drawn.length];""")
    assert shown == [True, True, 0]
    browser.wait()
    model, tokenizer, _, _ = load_run(run.folder)
    recording = record(model.train(), tokenizer.encode(OTHER), 5)
    assert browser("return npgpt.shown.pass.loss") == pytest.approx(recording.loss, abs=1e-4)
    for name, grad in model.grads().items():
        own = browser("return [...npgpt.parameters.get(arguments[0]).gradient.data]", name)
        error = np.linalg.norm(np.reshape(own, grad.shape) - grad)
        assert error <= 1e-3 * np.linalg.norm(grad) + 1e-6, name


def test_a_slice_that_fails_leaves_a_page_that_goes_on(browser, plain):
    browser.open(plain[1])
    target = browser("""
        const { modules, shown } = npgpt, head = modules.get("head");
        const loss = document.getElementById("loss-of");
        const { weight } = head;
        head.weight = null;
        loss.value = "3";
        loss.dispatchEvent(new Event("change"));
        head.weight = weight;
        return shown.pass.target;""")
    assert target != 3
    browser.wait()
    assert browser.text("busy") == ""
    assert any("TypeError" in line for line in browser.complaints())
    browser.click("#draw")  # which waits for no job that failed
    assert len(browser("return npgpt.shown.drawn")) == 1
    assert browser.text("busy") == ""
    assert browser.complaints() == []


def test_a_text_that_the_model_does_not_see_whole_is_told(browser, plain):
    browser.open(plain[1])
    browser.type(OTHER * 3)
    ids = browser("return npgpt.shown.pass.ids")
    assert len(ids) == SIZES["block_size"]
    assert browser.text("text-note").startswith(f"The model sees the last {len(ids)} tokens; ")
    browser.type("")
    assert browser.text("text-note").startswith("A text without tokens")
    assert browser("return npgpt.shown.pass.ids") == ids
    browser.type(TEXT)
    assert browser.text("text-note") == ""


def test_a_nudge_leaves_the_weights_as_they_were_whatever_comes_between(browser, plain):
    browser.open(plain[1])
    weights = "return [...npgpt.parameters.get('token_embedding.weight').value.data]"
    before = browser(weights)
    between = browser("""
        const slider = document.getElementById("change"), now = performance.now.bind(performance);
        let clock = 0;
        performance.now = () => (clock += 1000); // so that a slice is over after a module
        for (slider.value of ["40", "-70"]) slider.dispatchEvent(new Event("input"));
        performance.now = now;
        return [...npgpt.parameters.get("token_embedding.weight").value.data];""")
    assert between == before
    assert browser(weights) == before
    browser.click("#draw")
    assert browser(weights) == before


def _constant(value):
    def fill(parameters):
        for array in parameters.values():
            array[...] = value

    return fill


def _normal(scale):
    def fill(parameters):
        for array in parameters.values():
            array[...] = np.random.default_rng(3).normal(0, scale, array.shape)

    return fill


@pytest.mark.parametrize(
    "fill", [_constant(0), _normal(1e-30), _normal(1e6), _normal(1e25)], ids=["0", "-30", "6", "25"]
)
def test_weights_that_are_nothing_or_explode_are_shown(browser, play, tmp_path, fill):
    run = imported(tmp_path / "run", "gpt", {}, _trained(CharTokenizer(), play), fill)
    write_page(run, tmp_path / "page.html", TEXT)
    browser.open(tmp_path / "page.html")
    for selector in ("[data-module]", "#panel button", "#panel .frame", ".head", "#stops summary"):
        browser.click(selector)
    browser.set("change", 30)
    assert browser.complaints() == []


# ----------------------------------------------------------------------- texts that mean harm

HOSTILE = [
    "</script><script>harm()</script>",
    "<!-- <script>",
    "<img src=x onerror=harm()>",
    "\u202eright to left",
    "null \0 character",
    "lone \ud83d surrogate",
    "&lt;b&gt; {{ 7 * 7 }} ${harm()}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_text_or_a_name_holds_is_shown_and_never_run(browser, tmp_path, text):
    tokenizer = CharTokenizer()
    tokenizer.train(["".join(HOSTILE)])
    name = re.sub(r"[/\0\ud83d]", "", text)
    run = imported(tmp_path / name, "gpt", {}, tokenizer)
    write_page(run, tmp_path / "page.html", text)
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page.count("<script") == 3
    assert page.count("</script>") == 3
    assert "<!--" not in page
    assert not re.search("[\0\u202e\ud800-\udfff]", page)
    browser.open(tmp_path / "page.html")
    title = browser("return document.querySelector('h1').textContent")
    assert title == f"{printable(name)} – npgpt explain"
    tokens = browser(
        "return [...document.querySelectorAll('#tokens .token')].map((e) => e.textContent)"
    )
    assert tokens == [visible(character) for character in text[-len(tokens) :]]
    browser.type(text)
    assert browser("return npgpt.shown.pass.ids") == tokenizer.encode(text)[-len(tokens) :].tolist()
    assert browser("return document.querySelectorAll('img, main script').length") == 0
    assert browser.complaints() == []
    assert browser.requests() == []


def test_the_policy_forbids_every_script_and_request_but_the_page_itself(browser, page):
    browser.open(page[1])
    browser("""
        const script = document.createElement("script");
        script.textContent = "globalThis.ran = true";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<img src='http://localhost:9/x.png'>");
        fetch("http://localhost:9/").catch(() => (globalThis.refused = true));
        setTimeout("globalThis.ran = true", 0);""")
    browser.driver.execute_async_script("setTimeout(arguments[0], 200)")
    assert browser("return [globalThis.ran ?? false, globalThis.refused]") == [False, True]
    assert sum("Content Security Policy" in line for line in browser.complaints()) >= 4


# ----------------------------------------------------------------------- less than everything


@pytest.mark.parametrize("text", ["t", "two words"])
def test_a_short_text_and_a_tokenizer_that_the_page_does_not_know(browser, play, tmp_path, text):
    tokenizer = WordTokenizer() if text != "t" else CharTokenizer()
    run = imported(tmp_path / "run", "gpt", {}, _trained(tokenizer, play))
    write_page(run, tmp_path / "page.html", text)
    browser.open(tmp_path / "page.html")
    assert browser("return document.getElementById('typed').disabled") == (text != "t")
    for selector in ("[data-module]", "#panel button", ".head", "#head button", "#draw", "#draw"):
        browser.click(selector)
    ids = [*tokenizer.encode(text), *browser("return npgpt.shown.drawn")]
    assert browser("return npgpt.shown.pass.ids") == ids
    assert browser("return npgpt.shown.pass.loss") > 0
    browser.click("#undraw")
    assert browser("return npgpt.shown.pass.ids") == tokenizer.encode(text).tolist()
    assert browser.complaints() == []


def test_a_model_of_a_stranger_is_shown_as_it_was_recorded(browser, play, tmp_path, monkeypatch):
    path = Path(__file__).parents[1] / "strangers" / "alpaca.py"
    spec = importlib.util.spec_from_file_location("alpaca", path)
    alpaca = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "alpaca", alpaca)
    spec.loader.exec_module(alpaca)
    tokenizer = _trained(CharTokenizer(), play)
    run = imported(tmp_path / "run", "gpt", {}, tokenizer)
    config = alpaca.AlpacaConfig(tokenizer.vocab_size, block_size=32)
    model = alpaca.AlpacaModel(config, rng=np.random.default_rng(2))
    monkeypatch.setattr(Run, "model", lambda self, which="best": model)
    write_page(run, tmp_path / "page.html", TEXT)
    browser.open(tmp_path / "page.html")
    assert "no code of its own for AlpacaModel" in browser.text("summary")
    assert browser("return document.getElementById('typed').disabled")
    model.zero_grad()
    passed = {}
    with tracing(
        model,
        forward=lambda name, module, inputs, output: passed.update({(name, "y"): output[0]}),
        backward=lambda name, module, inputs, output: passed.update({(name, "dy"): inputs[0][0]}),
    ):
        _numpy_pass(model, tokenizer.encode(TEXT))
    shown = browser(
        "return [...npgpt.shown.pass.passages].flatMap(([name, p]) =>"
        " ['y', 'dy'].map((side) => [name, side, [...p[side].data]]))"
    )
    assert len(shown) == len(passed)
    for name, side, numbers in shown:
        array = passed[name, side]
        error = np.abs(np.reshape(numbers, array.shape) - array).max()
        assert error <= 2**-11 * np.abs(array).max(), (name, side)
    heads = browser("return document.querySelectorAll('.head').length")
    assert heads == config.n_layer * config.n_head
    assert browser("return document.querySelectorAll('.branch').length") == 2 * config.n_layer
    browser.click("[data-module]")
    browser.click("#panel .choice button")
    browser.click("#panel .frame")
    browser.click(".head")
    browser.click("#head .choice button")
    browser.click("#head .frame")
    browser.click("#draw")
    browser.click("#stops summary")
    assert browser.complaints() == []
