"""The report of a comparison, from records made by hand: what it says, and of whom."""

import base64
import json
import re
from copy import deepcopy
from html import unescape

import pytest

from npgpt_core.errors import NpgptError
from npgpt_core.escaping import printable
from npgpt_train.comparison import report
from npgpt_train.comparison.differences import differing, same_model, same_tokens, title
from npgpt_train.comparison.report import bits_per_step, loss_curves, render, write_report
from npgpt_train.comparison.tables import all_tables, machine
from npgpt_train.machine.escaping import markdown

pytest.importorskip("jinja2")

HOSTILE = "<b>|`x`*y*_z_[a](b)\\&amp;\n#~$1$\x1b[31m"
METRICS = [
    {"step": 0, "train_loss": 3.0, "val_loss": 3.0},
    {"step": 1, "loss": 2.5, "grad_norm": 1.0, "lr": 0.1},
    {"step": 1, "train_loss": 2.0, "val_loss": 2.2},
]
COMMON = {
    **{"preset": "tiny", "data": ["play.txt"], "tokenizer": "char", "model": "gpt"},
    **{"optimizer": "adam", "schedule": "warmup-cosine", "batch_size": 8, "block_size": 32},
    **{"grad_accumulation": 1, "max_iters": 6, "lr": 0.003, "grad_clip": 1.0},
    **{"eval_interval": 2, "eval_iters": 1, "seed": 1337, "workers": 2},
}


def numbers(**changes):
    """What a record has of one run."""
    run = {
        "settings": {},
        "model": {
            **{"vocab_size": 1069, "parameters": 1_234_567},
            **{"embedding_parameters": 123_456, "embedding_share": 0.1},
        },
        "train_tokens": 9_000,
        "held_out": {
            **{"tokens": 1000, "characters_per_token": 2.0, "loss": 2.25},
            **{"uniform_loss": 4.25, "unigram_loss": 3.125, "bits_per_character": 1.625},
            "bits_per_byte": 1.5,
            "lost_bits_per_character": {"spelling": 0.0, "case": 0.0},
            **{"restored_bits_per_character": 1.625, "restored_bits_per_byte": 1.5},
            "restored_uniform_bits_per_character": 3.0625,
            "restored_unigram_bits_per_character": 2.25,
            **{"perplexity_per_word": 1234.4, "unknown_rate": 0.0, "lines_recovered": 1.0},
        },
        "training": {
            **{"steps": 6, "best_step": 4, "best_val_loss": 2.125, "final_train_loss": 2.0},
            **{"final_val_loss": 2.2, "largest_grad_norm": 1.5, "grad_norm_spikes": 3},
            **{"largest_loss_jump": 0.25, "largest_val_loss_jump": 0.5},
        },
        "generated": {
            **{"samples": 8, "tokens": 4000, "characters_in_500_tokens": 990.0, "words": 100},
            **{"known_words": 0.75, "names": 4, "known_names": 0.5, "repeated_4grams": 0.0},
            **{"unknown_rate": 0.0, "sample": ["to ", "be", "", "\n"]},
        },
        "timing": {"tokens_per_second": 2000.0, "characters_per_second": 4000.0, "seconds": 61.0},
    }
    for path, value in changes.items():
        part, _, key = path.partition("__")
        run[part][key] = value
    return run


def record(runs, without=(), groups=None):
    """A record of runs whose settings differ in ``without``."""
    return {
        **{"format": 1, "date": "2026-11-24"},
        "machine": {
            **{"processor": "AMD", "cores": 2, "system": "Linux", "python": "3.11.7"},
            **{"numpy": "2.4.6", "openblas_coretype": None},
        },
        "setting": {key: value for key, value in COMMON.items() if key not in without},
        "data": {
            **{"characters": 20_000, "sha256": "0" * 64},
            "held_out": {
                **{"characters": 2_000, "bytes": 2_100, "words": 400, "lines": 60},
                "uniform_bits_per_character": 5.5,
                "unigram_bits_per_character": 4.25,
            },
        },
        "runs": runs,
        "groups": groups or {},
    }


def lossy(**prices):
    prices = {"spelling": 0.5, "case": 0.25, **prices}
    return numbers(held_out__lost_bits_per_character=prices, held_out__unknown_rate=0.035)


TOKENIZERS = record({"char": numbers(), "word": lossy()}, ["tokenizer"])
LOSSLESS = record({"char": numbers(), "bpe": numbers()}, ["tokenizer"])
OPTIMIZERS = record(
    {
        "adam": {**numbers(), "settings": {"optimizer": "adam", "lr": 0.003}},
        "sgd": {
            **numbers(),
            "settings": {"optimizer": "sgd", "lr": 0.5, "optimizer.momentum": 0.9},
        },
    },
    ["optimizer", "lr"],
)
SPREAD = {"mean": 1.625, "lowest": 1.5, "highest": 1.75, "runs": 2}
SEEDS = record(
    {"char-seed1": numbers(), "char-seed2": numbers()},
    ["seed"],
    {"char": {"bits_per_character": SPREAD, "loss": None}},
)
MODELS = record({"gpt": numbers(), "llama": numbers(model__parameters=7)}, ["model"])
DROPOUT = record({"a": {**numbers(), "settings": {"model.dropout": 0.1}}, "b": numbers()})
ONE = record({"char": numbers()})
LOST = {"settings": {"lr": 0.5}, "group": "b", "step": 1200, "reason": HOSTILE}
DIVERGED = {
    **record({"a": {**numbers(), "settings": {"lr": 0.1}}}, ["lr"], SEEDS["groups"]),
    "diverged": {"b": LOST, "c": {**LOST, "group": "char"}},
}
ALL = [TOKENIZERS, LOSSLESS, OPTIMIZERS, SEEDS, MODELS, DROPOUT, ONE]


def rows(of, table):
    (found,) = [made for made in all_tables(of) if made.title == table]
    return dict(found.rows)


# ------------------------------------------------------------------- what is compared


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (TOKENIZERS, "char, word: tokenizers compared on the same model and text"),
        (OPTIMIZERS, "adam, sgd: optimizers compared on the same model and text"),
        (SEEDS, "char-seed1, char-seed2: seeds compared on the same model and text"),
        (MODELS, "gpt, llama: models compared on the same text"),
        (DROPOUT, "a, b: settings compared on the same text"),
        (ONE, "char: one run"),
        (DIVERGED, "a, b, c: settings compared on the same model and text"),
        (
            record({"a": numbers(), "b": numbers()}, ["tokenizer", "optimizer", "seed"]),
            "a, b: tokenizers, optimizers and seeds compared on the same model and text",
        ),
        (
            record({"a": numbers(), "b": numbers()}, ["lr", "seed"]),
            "a, b: settings and seeds compared on the same model and text",
        ),
        (
            record({"a": numbers(), "b": numbers()}),
            "a, b: settings compared on the same model and text",
        ),
    ],
)
def test_the_title_says_what_is_compared(of, expected):
    assert title(of) == expected
    assert render(of, "report.md.jinja", curves="{}").startswith(f"# {expected}\n")


def test_what_differs_is_what_not_all_have():
    assert differing(OPTIMIZERS) == ["optimizer", "lr", "optimizer.momentum"]
    assert [same_tokens(of) for of in ALL] == [False, False, True, True, True, True, True]
    assert [same_model(of) for of in ALL] == [False, False, True, True, False, False, True]
    size = record({"a": {**numbers(), "settings": {"tokenizer.vocab_size": 5}}, "b": numbers()})
    assert not same_tokens(size)
    assert not same_model(record({"a": numbers(), "b": numbers()}, ["block_size"]))


# ------------------------------------------------------------------------- the tables


def test_every_number_stands_in_its_row():
    found = {name: cells for table in all_tables(TOKENIZERS) for name, cells in table.rows}
    assert found == {
        "ids in the vocabulary": ["1,069", "1,069"],
        "parameters": ["1,234,567", "1,234,567"],
        "of them embeddings and head": ["123,456", "123,456"],
        "their share": ["10.0%", "10.0%"],
        "training tokens": ["9,000", "9,000"],
        "characters per token": ["2.00", "2.00"],
        "bits per character, all restored": ["1.625", "1.625"],
        "a unigram of its tokens, all restored": ["2.250", "2.250"],
        "guessing evenly among its tokens, all restored": ["3.062", "3.062"],
        "bits per character, tokens alone": ["1.625", "1.625"],
        "to spell unknown words": ["0.000", "0.500"],
        "to restore case": ["0.000", "0.250"],
        "bits per byte, all restored": ["1.500", "1.500"],
        "perplexity per word, all restored": ["1,234", "1,234"],
        "loss, nats per token": ["2.250", "2.250"],
        "loss of a unigram": ["3.125", "3.125"],
        "loss of guessing evenly": ["4.250", "4.250"],
        "unknown tokens": ["0.0%", "3.5%"],
        "lines with text recovered exactly": ["100.0%", "100.0%"],
        "characters in 500 tokens": ["990", "990"],
        "words that the corpus has": ["75.0%", "75.0%"],
        "speakers' names written": ["4", "4"],
        "of them in the corpus": ["50.0%", "50.0%"],
        "repeated runs of four words, in 80 words": ["0.0%", "0.0%"],
        "steps": ["6", "6"],
        "lowest validation loss": ["2.125", "2.125"],
        "at step": ["4", "4"],
        "validation loss at the end": ["2.200", "2.200"],
        "training loss at the end": ["2.000", "2.000"],
        "spikes of the gradient norm": ["3", "3"],
        "largest gradient norm": ["1.50", "1.50"],
        "largest rise of the loss in a step": ["0.250", "0.250"],
        "tokens a second": ["2,000", "2,000"],
        "characters a second": ["4,000", "4,000"],
        "time of all steps": ["1 min 1 s", "1 min 1 s"],
    }


def test_prices_are_left_out_where_nothing_is_lost():
    found = rows(LOSSLESS, "The held-out text")
    assert not {"to spell unknown words", "to restore case", "unknown tokens"} & set(found)
    assert "bits per character, tokens alone" not in found
    assert found["bits per character"] == ["1.625", "1.625"]
    assert found["a unigram of its tokens"] == ["2.250", "2.250"]
    spelled = rows(
        record({"a": numbers(), "b": lossy(case=0.0)}, ["tokenizer"]), "The held-out text"
    )
    assert "to spell unknown words" in spelled
    assert "to restore case" not in spelled
    case = rows(record({"a": lossy(spelling=0.0)}), "The held-out text")
    assert "to restore case" in case
    assert "to spell unknown words" not in case


def test_what_has_no_price_is_a_dash():
    lost = numbers(
        held_out__lost_bits_per_character=None,
        held_out__restored_bits_per_character=None,
        held_out__perplexity_per_word=None,
    )
    found = rows(record({"a": numbers(), "b": lost}, ["tokenizer"]), "The held-out text")
    assert found["to restore case"] == ["0.000", "–"]
    assert found["bits per character, all restored"] == ["1.625", "–"]
    assert found["perplexity per word, all restored"] == ["1,234", "–"]


def notes(of):
    return {table.title: table.note for table in all_tables(of)}


def test_a_note_says_what_compares_and_what_is_paid_for():
    text = "The held-out text"
    across, alike = "do not compare across tokenizers", "so their losses per token compare."
    price = "each unknown word is spelled"
    case = ", and the case of every other letter is encoded."
    for of, said, unsaid in [
        (TOKENIZERS, [across, price + case], [alike]),
        (LOSSLESS, [across], [alike, price]),
        (OPTIMIZERS, [alike], [across, price]),
        (SEEDS, [alike], [across, price]),
        (ONE, [], [alike, across, price]),
        (record({"a": lossy(case=0.0)}), [f"{price}."], [case]),
    ]:
        note = notes(of)[text]
        assert note.startswith("Measured with the checkpoint of the lowest validation loss")
        assert [word for word in said if word not in note] == []
        assert [word for word in unsaid if word in note] == []


def test_where_the_tokens_are_the_same_nothing_speaks_of_tokenizers():
    for of in (OPTIMIZERS, SEEDS, MODELS, ONE):
        page = render(of, "report.md.jinja", curves="{}")
        assert "tokenizer" not in page.replace("| tokenizer | char |", "")
        held_out = rows(of, "The held-out text")
        assert next(iter(held_out)) == "loss, nats per token"
        assert "lines with text recovered exactly" not in held_out
        assert "Guessing evenly among the ids takes 4.250 nats per token" in page
        assert "knowing how frequent each is, 3.125." in page
    page = render(TOKENIZERS, "report.md.jinja", curves="{}")
    assert "takes 5.500 bits per character; knowing their shares, 4.250." in page


def test_the_settings_that_differ_have_a_table():
    (first, *_) = all_tables(OPTIMIZERS)
    assert first.title == "What differs"
    assert first.names == ["adam", "sgd"]
    assert dict(first.rows) == {
        "optimizer": ["adam", "sgd"],
        "lr": ["0.003", "0.5"],
        "optimizer.momentum": ["–", "0.9"],
    }
    assert "What differs" not in notes(TOKENIZERS)  # a record of old does not tell


def test_runs_that_diverged_stand_beside_the_others_with_their_settings():
    (first, *others) = all_tables(DIVERGED)
    assert (first.title, first.names) == ("What differs", ["a", "b", "c"])
    assert "is not measured" in first.note
    assert dict(first.rows) == {
        "lr": ["0.1", "0.5", "0.5"],
        "outcome": ["complete", *["diverged at step 1,200"] * 2],
    }
    assert {name for table in others for name in table.names} == {"a"}
    assert "| char, without 1 diverged | 1.625" in render(DIVERGED, "spread.md.jinja")


def test_one_model_has_one_column():
    (model,) = [table for table in all_tables(OPTIMIZERS) if table.title == "The model"]
    assert model.names == ["all runs"]
    assert dict(model.rows)["parameters"] == ["1,234,567"]
    assert rows(MODELS, "The models")["parameters"] == ["1,234,567", "7"]
    assert rows(ONE, "The models")["parameters"] == ["1,234,567"]


def test_the_spread_over_seeds_is_told():
    assert render(SEEDS, "spread.md.jinja") == (
        "\n## Over seeds\n\nMean, lowest and highest.\n\n"
        "| | bits per character | loss, nats per token |\n|---|---:|---:|\n"
        "| char | 1.625 (1.500 to 1.750) | – |\n"
    )
    assert render(TOKENIZERS, "spread.md.jinja").strip() == ""


def test_the_machine_is_told():
    said = machine(TOKENIZERS)
    assert said == "2026-11-24, AMD, 2 cores, Python 3.11.7, NumPy 2.4.6; all steps took 2 min 2 s."
    of = deepcopy(TOKENIZERS)
    of["machine"]["openblas_coretype"] = "Zen"
    assert "NumPy 2.4.6, OPENBLAS_CORETYPE=Zen; all" in machine(of)


# ------------------------------------------------------------------------- the curves


def test_curves_are_in_bits_where_tokens_differ_and_else_in_nats():
    metrics = {"char": METRICS, "word": METRICS}
    unit, curves = loss_curves(TOKENIZERS, metrics)
    assert unit == "bits per character"
    token = 0.6931471805599453 * 2.0
    assert curves["char"] == [(0, pytest.approx(3 / token)), (1, pytest.approx(2.2 / token))]
    assert curves["word"][0] == (0, pytest.approx(3 / token + 0.75))
    unit, curves = loss_curves(OPTIMIZERS, {"adam": METRICS, "sgd": METRICS})
    assert unit == "nats per token"
    assert curves == {"adam": [(0, 3.0), (1, 2.2)], "sgd": [(0, 3.0), (1, 2.2)]}


def test_a_curve_without_a_price_says_so():
    lost = numbers(held_out__lost_bits_per_character=None)
    of = record({"char": numbers(), "word": lost}, ["tokenizer"])
    curves = bits_per_step(of, {"char": METRICS, "word": METRICS})
    assert list(curves) == ["char", "word, tokens alone"]
    assert curves["word, tokens alone"] == curves["char"]


@pytest.mark.parametrize("missing", [["jinja2"], ["matplotlib"], ["jinja2", "matplotlib"], []])
def test_a_missing_library_is_named(missing, monkeypatch):
    monkeypatch.setattr(
        report.importlib.util, "find_spec", lambda name: None if name in missing else name
    )
    if missing:
        with pytest.raises(NpgptError, match=f"needs {' and '.join(missing)}: pip install"):
            report.require_libraries()
    else:
        report.require_libraries()


# ------------------------------------------------------------------------ hostile names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model.n_layer", "model.n_layer"),
        ("_a_ b_", r"\_a\_ b\_"),
        ("a__b", r"a\_\_b"),
        ("a|b<c>&d", "a&#124;b&#60;c&#62;&#38;d"),
        ("`*[]#~$\\", r"\`\*\[\]\#\~\$\\"),
        ("a\nb\tc", r"a\\nb\\tc"),
        ("\x1b[0m", r"\\x1b\[0m"),
        ("3.5% (1.2 to 2), 2026-11-24", "3.5% (1.2 to 2), 2026-11-24"),
    ],
)
def test_markdown_takes_text_as_itself(text, expected):
    assert markdown(text) == expected


def hostile():
    """A record in which every text that somebody else chose is nasty."""
    run = numbers(generated__sample=[f"{HOSTILE}```", "````\n", "<script>"])
    run["settings"] = {HOSTILE: HOSTILE}
    of = record({HOSTILE: run, "b": {**numbers(), "settings": {HOSTILE: "x"}}}, ["tokenizer"])
    of["setting"][f"{HOSTILE}2"] = HOSTILE
    of["setting"]["data"] = [HOSTILE]
    of["machine"]["processor"] = HOSTILE
    of["diverged"] = {f"{HOSTILE}3": {**LOST, "settings": {HOSTILE: HOSTILE}}}
    of["groups"] = {HOSTILE: {"bits_per_character": SPREAD, "loss": SPREAD}}
    return of


def test_hostile_names_are_text_in_markdown():
    page = render(hostile(), "report.md.jinja", curves="figures/{}.svg")
    fenced = re.compile(r"(?ms)^(`{3,})text\n(.*?)\n\1$")
    samples = [sample for _, sample in fenced.findall(page)]
    assert samples == [printable(f"{HOSTILE}```````\n<script>"), "to be\n"]
    assert "\x1b" not in page
    outside = fenced.sub("", page)
    assert not re.search(r"<|(?<!\\)[`*]", outside)
    for line in outside.splitlines():
        if line.startswith("|"):
            assert line.count("|") in (3, 4, 5)  # of two columns, three or four
    assert "(figures/%3Cb%3E%7C%60x%60%2Ay%2A_z_%5Ba%5D%28b%29" in page


def test_hostile_names_are_text_in_html():
    of = hostile()
    page = render(of, "report.html.jinja", figures=dict.fromkeys(["all", *of["runs"]], "data:,"))
    assert "<b>" not in page
    assert "<script" not in page
    assert "\x1b" not in page
    shown = unescape(re.sub(r"<[^>]*>", "", page))
    assert shown.count("<b>|`x`*y*_z_[a](b)\\&amp;\n#~$1$\\x1b[31m") >= 10


def test_hostile_names_are_themselves_in_json():
    assert json.loads(json.dumps(hostile())) == hostile()


def test_the_pages_hold_all_figures(tmp_path):
    pytest.importorskip("matplotlib")
    pages = write_report(OPTIMIZERS, {"adam": METRICS, "sgd": METRICS}, tmp_path)
    assert pages == [tmp_path / "report.md", tmp_path / "report.html"]
    html = (tmp_path / "report.html").read_text()
    assert html.endswith("</html>\n")
    for name in ("all", "adam", "sgd"):
        figure = (tmp_path / "figures" / f"{name}.svg").read_bytes()
        assert b"<svg" in figure
        assert base64.b64encode(figure).decode() in html
    assert b"nats per token" in (tmp_path / "figures/all.svg").read_bytes()
    assert "![Curves of sgd](figures/sgd.svg)" in (tmp_path / "report.md").read_text()
    assert "```text\nto be\n\n```" in (tmp_path / "report.md").read_text()
