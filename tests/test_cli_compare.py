"""``npgpt compare``: one command, the same report however often it is interrupted."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

from npgpt_cli.main import main
from npgpt_train.comparison.report import bits_per_step, render, write_report
from npgpt_train.machine.disk import Folder
from npgpt_train.run.folder import Run

SMALL = ["--preset", "tiny", "--max-iters", "6", "--eval-interval", "2", "--eval-iters", "1"]
THREE = ["--tokenizers", "char,word,bpe", "--vocab-size", "200"]
VARYING = ("date", "machine", "timing")


def _timeless(record):
    """A report without what may vary with time."""
    if isinstance(record, dict):
        return {key: _timeless(value) for key, value in record.items() if key not in VARYING}
    return record


def _report(out):
    return _timeless(json.loads((out / "report.json").read_text()))


@pytest.fixture(scope="module")
def original(tmp_path_factory, play):
    """A finished comparison, and the text that it read: for all tests, so not to be changed."""
    folder = tmp_path_factory.mktemp("compare")
    text = folder / "play.txt"
    text.write_text(play)
    command = ["compare", *THREE, "--data", str(text), "--out", str(folder / "out"), *SMALL]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NPGPT_CACHE", str(folder / "cache"))
        result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    return folder / "out", text


@pytest.fixture
def compared(original, tmp_path):
    """A copy of it."""
    return Path(shutil.copytree(original[0], tmp_path / "compared"))


@pytest.fixture
def text(original):
    """The text that it read."""
    return original[1]


def test_it_trains_measures_and_reports(compared):
    record = _report(compared)
    assert list(record["runs"]) == ["char", "word", "bpe"]
    char, word = record["runs"]["char"], record["runs"]["word"]
    assert char["held_out"]["lost_bits_per_character"] == {"spelling": 0, "case": 0}
    assert char["held_out"]["lines_recovered"] == 1
    assert word["held_out"]["lost_bits_per_character"]["case"] > 0
    assert char["held_out"]["restored_bits_per_character"] > 0
    assert 0 < char["model"]["embedding_share"] < 1
    assert "tokenizer" not in record["setting"]
    assert record["setting"]["max_iters"] == 6
    markdown = (compared / "report.md").read_text()
    assert "; all steps took " in markdown
    for name in record["runs"]:
        assert f"](figures/{name}.svg)" in markdown
        assert (compared / "figures" / f"{name}.svg").read_text().lstrip().startswith("<?xml")


def test_the_tables_are_part_of_the_report(compared):
    record = json.loads((compared / "report.json").read_text())
    tables = render(record, "tables.md.jinja")
    assert "| bits per character, all restored |" in tables
    assert tables.strip() in (compared / "report.md").read_text()


def test_embeddings_are_the_tables_and_the_head(compared):
    record = _report(compared)
    for name in ("char", "bpe"):
        model = Run.open(compared / "runs" / name).model()
        related = sum(
            array.size
            for key, array in model.parameters().items()
            if "embedding" in key or key.startswith("head.")
        )
        assert record["runs"][name]["model"]["embedding_parameters"] == related
        assert record["runs"][name]["model"]["parameters"] == model.num_parameters()


def test_again_it_reuses_and_gives_the_same(compared, npgpt, text):
    before = _report(compared)
    files = {path.name: path.read_bytes() for path in (compared / "figures").iterdir()}
    weights = compared / "runs/char/checkpoints/step-000006/model.safetensors"
    written = weights.stat().st_mtime_ns
    again = npgpt("compare", *THREE, "--data", text, "--out", compared, *SMALL)
    assert again.exit_code == 0
    assert "[1 of 3] char: finished" in again.output
    assert weights.stat().st_mtime_ns == written
    assert _report(compared) == before
    assert {path.name: path.read_bytes() for path in (compared / "figures").iterdir()} == files


@pytest.mark.once
def test_killed_anywhere_it_goes_on_to_the_same_report(compared, text, tmp_path):
    out = tmp_path / "killed"
    command = [sys.executable, "-c", "from npgpt_cli.main import main; main()", "compare", *THREE]
    command += ["--data", str(text), "--out", str(out), *SMALL]
    for wait in (1.2, 1.6, 2.0, 2.4):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert _report(out) == _report(compared)


def test_an_interrupted_comparison_says_how_to_go_on(text, tmp_path):
    out = tmp_path / "interrupted"
    command = [sys.executable, "-c", "from npgpt_cli.main import main; main()", "compare"]
    command += ["--preset", "tiny", "--data", str(text), "--out", str(out)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    metrics = out / "runs/char/metrics.jsonl"
    while not (metrics.exists() and '"grad_norm"' in metrics.read_text()):  # a step is done
        time.sleep(0.002)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped after step" in errors
    assert "the same command continues" in errors


@pytest.mark.parametrize("name", ["report.json", "report.md"])
def test_a_report_that_cannot_be_written_is_one_line(name, compared, npgpt, text, monkeypatch):
    replace = Folder.replace

    def full(self, path, data):
        if path == name:
            raise OSError(28, "No space left on device", path)
        replace(self, path, data)

    monkeypatch.setattr(Folder, "replace", full)
    result = npgpt("compare", *THREE, "--data", text, "--out", compared, *SMALL)
    assert result.exit_code == 2, result.exception
    error = f"Error: cannot write the report in {compared}: No space left on device ({name})"
    assert result.stderr.splitlines()[-1] == error


def test_runs_that_were_made_otherwise_are_refused_by_name(compared, npgpt, text):
    other = [*SMALL, "--lr", "0.5"]
    result = npgpt("compare", *THREE, "--data", text, "--out", compared, *other)
    assert result.exit_code == 2
    assert "lr is 0.003, not 0.5" in result.output


@pytest.mark.once
def test_the_tiny_preset_takes_less_than_two_minutes_and_ends_as_recorded(npgpt, tmp_path):
    begin = time.monotonic()
    flags = ["--tokenizers", "char,word,bpe", "--preset", "tiny"]
    result = npgpt("compare", *flags, "--out", tmp_path / "tiny")
    assert result.exit_code == 0, result.output
    assert time.monotonic() - begin < 120
    assert result.output.count("): normal\n") == 3
    assert (tmp_path / "tiny/report.html").exists()


@pytest.mark.once
def test_optimizers_and_seeds_are_axes_too(npgpt, text_file, tmp_path):
    out = tmp_path / "axes"
    flags = ["--optimizers", "adam,sgd", "--seeds", "2", "--seed", "7", "--lr", "0.01"]
    result = npgpt("compare", *flags, "--data", text_file, "--out", out, *SMALL)
    assert result.exit_code == 0, result.output
    record = _report(out)
    names = ["adam-seed7", "adam-seed8", "sgd-seed7", "sgd-seed8"]
    assert list(record["runs"]) == names
    spread = record["groups"]["adam"]["bits_per_character"]
    assert spread["lowest"] <= spread["mean"] <= spread["highest"]
    assert spread["runs"] == 2
    assert "Over seeds" in (out / "report.md").read_text()


def test_a_variant_has_settings_of_its_own(npgpt, text_file, tmp_path):
    out = tmp_path / "variants"
    flags = ["--variant", "optim=adam", "--variant", "optim=sgd lr=0.5 optimizer.momentum=0.9"]
    result = npgpt("compare", *flags, "--data", text_file, "--out", out, *SMALL)
    assert result.exit_code == 0, result.output
    record = _report(out)
    adam, sgd = record["runs"]["adam"], record["runs"]["sgd-lr0.5-momentum0.9"]
    assert (adam["settings"]["optimizer"], adam["settings"]["lr"]) == ("adam", 0.003)
    assert (sgd["settings"]["optimizer"], sgd["settings"]["lr"]) == ("sgd", 0.5)
    assert sgd["settings"]["optimizer.momentum"] == 0.9
    assert Run.open(out / "runs/sgd-lr0.5-momentum0.9").settings.lr == 0.5
    markdown = (out / "report.md").read_text()
    assert "optimizers compared on the same model and text" in markdown
    assert "nats per token" in markdown
    assert "tokenizer" not in markdown.replace("| tokenizer | char |", "")
    assert result.output.count("loss per token") == 1
    assert "so their losses per token compare." in result.output
    sample = (out / "runs/adam/sample.txt").read_text()
    assert sample[:40] not in result.output
    assert "npgpt generate" not in result.output


@pytest.mark.filterwarnings("default")
def test_a_run_that_diverges_does_not_end_the_comparison(npgpt, text_file, tmp_path):
    flags = ["--variant", "name=good lr=0.01", "--variant", "name=bad lr=1e30 optim=sgd"]
    result = npgpt("compare", *flags, "--data", text_file, "--out", tmp_path, *SMALL)
    assert result.exit_code == 0, result.output
    assert "bad diverged: the loss of step 2 is nan" in result.stderr
    assert "A lower --lr (it was 1e+30)" in result.stderr
    assert re.search(r"(?m)^bad +diverged at step 2", result.stdout)
    assert list(_report(tmp_path)["runs"]) == ["good"]
    assert "| diverged at step 2 |" in (tmp_path / "report.md").read_text()


def test_optimizers_that_share_a_learning_rate_by_chance_are_warned_of(text_file, tmp_path):
    command = [sys.executable, "-c", "from npgpt_cli.main import main; main()", "compare", *SMALL]
    command += ["--optimizers", "adam,sgd", "--data", str(text_file), "--out", str(tmp_path / "o")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.startswith("Warning: adam and sgd train with the same learning rate, 0.003,")
    assert "give each its own with --variant" in done.stderr


def test_runs_that_read_another_text_are_refused(compared, npgpt, text):
    record = json.loads((compared / "runs/word/run.json").read_text())
    record["data"]["sha256"] = "0" * 64
    (compared / "runs/word/run.json").write_text(json.dumps(record))
    result = npgpt("compare", *THREE, "--data", text, "--out", compared, *SMALL)
    assert result.exit_code == 2
    assert "word was trained on another text than" in result.output


def test_runs_of_several_processes_are_refused(compared, npgpt, text):
    record = json.loads((compared / "runs/word/run.json").read_text())
    (compared / "runs/word/run.json").write_text(json.dumps({**record, "ranks": 2}))
    result = npgpt("compare", *THREE, "--data", text, "--out", compared, *SMALL)
    assert result.exit_code == 2
    assert "word was trained by 2 processes" in result.output


@pytest.mark.once
def test_what_is_not_named_comes_from_the_settings(npgpt, text_file, tmp_path):
    config, out = tmp_path / "run.toml", tmp_path / "out"
    config.write_text('seed = 5\n[optimizer]\nname = "adamw"\nweight_decay = 0.2\n')
    flags = ["--tokenizers", "char,word", "--config", config]
    result = npgpt("compare", *flags, "--data", text_file, "--out", out, *SMALL)
    assert result.exit_code == 0, result.output
    setting = _report(out)["setting"]
    assert (setting["seed"], setting["optimizer"]) == (5, "adamw")
    assert setting["optimizer.weight_decay"] == 0.2


def test_a_curve_without_a_price_says_so(compared):
    record = json.loads((compared / "report.json").read_text())
    record["runs"]["word"]["held_out"]["lost_bits_per_character"] = None
    metrics = {name: Run.open(compared / "runs" / name).metrics() for name in record["runs"]}
    assert list(bits_per_step(record, metrics)) == ["char", "word, tokens alone", "bpe"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--tokenizers", "char,chra"], "chra"),
        (["--tokenizers", "char,char"], "twice"),
        (["--models", "gpt,gpt"], "twice"),
        (["--variant", "optim=sgd lr"], "expected KEY=VALUE"),
        (["--variant", "optim=sgd optimizer.momentun=0.9"], "momentun"),
        (["--variant", "n-layer=1", "--variant", "block_size=0"], "block_size is 0"),
        (["--tokenizers", "char", "--vocab-size", "99"], "takes a vocab_size"),
    ],
)
def test_wrong_plans_are_refused_before_anything_is_trained(
    flags, said, npgpt, text_file, tmp_path
):
    out = tmp_path / "out"
    result = npgpt("compare", *flags, "--data", text_file, "--out", out, *SMALL)
    assert result.exit_code == 2
    assert said in result.output
    assert not out.exists()


# ------------------------------------------------------------------------- the page


HOSTILE = '<script>alert("1")</script>\x1b[31m```'


@pytest.fixture
def hostile(compared):
    """A comparison whose model wrote something nasty."""
    record = json.loads((compared / "report.json").read_text())
    record["runs"]["char"]["generated"]["sample"] = [HOSTILE, "\x07", "fine"]
    metrics = {name: Run.open(compared / "runs" / name).metrics() for name in record["runs"]}
    write_report(record, metrics, compared)
    return compared


def test_the_page_is_one_file_without_scripts_or_requests(hostile):
    page = (hostile / "report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert r"\x1b[31m" in page
    assert not re.search(r'(?:src|href)="(?!data:)', page)
    assert "\x1b" not in (hostile / "report.md").read_text()
    assert "````text" in (hostile / "report.md").read_text()


def test_hostile_names_are_shown_as_they_are(compared):
    name = "<b>|`x`*y*_z_[a](b)\\&amp;#~$"
    record = json.loads((compared / "report.json").read_text())
    record["runs"][name] = {**record["runs"].pop("word"), "settings": {f"{name}\n2": name}}
    record["setting"]["data"] = [name]
    page = render(record, "report.md.jinja", curves="{}")
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    inline = [token for token in tokens if token.type == "inline"]
    texts = ["".join(part.content for part in token.children) for token in inline]
    assert f"{name}\\n2" in texts  # a setting that differs
    assert texts.count(name) == 8  # a heading, a setting twice, the columns of five tables
    assert any(f" characters of {name}; measured" in text for text in texts)
    kinds = {part.type for token in inline for part in token.children}
    assert kinds <= {"text", "text_special", "softbreak", "image"}  # no emphasis, code, link, HTML
    rows = page.count("\n|") - page.count("\n|---|")
    assert sum(token.type == "tr_open" for token in tokens) == rows


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
QUIET += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.mark.once
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("width", [1200, 400])
def test_chromium_shows_the_page_without_errors_or_requests(width, hostile, tmp_path):
    log, picture = tmp_path / "net.json", tmp_path / "page.png"
    result = subprocess.run(
        [
            *[CHROMIUM, *QUIET, f"--user-data-dir={tmp_path / 'profile'}"],
            *["--enable-logging=stderr", f"--log-net-log={log}", f"--window-size={width},2000"],
            *[f"--screenshot={picture}", (hostile / "report.html").as_uri()],
        ],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert "CONSOLE" not in result.stderr
    assert picture.stat().st_size > 20_000
    requested = re.findall(r'"url":"((?:https?|ws)[^"]*)"', log.read_text())
    assert not [url for url in requested if "google" not in url]  # the browser's own
