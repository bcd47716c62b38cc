"""Wrong input: one clear line, exit code 2, nothing written."""

import sys
import tempfile

import pytest
from advice import require_known_options

from npgpt_train.run.folder import Run
from npgpt_train.settings.choices import choose, read_config
from npgpt_train.settings.parts import resolve

SMALL = ["--preset", "tiny", "--max-iters", "2", "--eval-interval", "2", "--eval-iters", "1"]

CASES = {
    "missing file": (["--data", "nowhere.txt"], "nowhere.txt"),
    "empty file": (["--data", "{tmp}/empty.txt"], "empty"),
    "not UTF-8": (["--data", "{tmp}/latin.txt"], "UTF-8"),
    "text shorter than a block": (["--data", "{tmp}/short.txt"], "too few for a block"),
    "heads do not divide channels": (["--n-embd", "30", "--n-head", "4"], "take n_embd = 32"),
    "unknown tokenizer": (["--tokenizer", "chr"], "did you mean char"),
    "unknown optimizer": (["--optim", "adamm"], "did you mean adam"),
    "unknown model": (["--model", "gtp"], "did you mean gpt"),
    "unknown preset": (["--preset", "huge"], "tiny, quick, full"),
    "vocabulary below the alphabet": (["--tokenizer", "bpe", "--vocab-size", "10"], "10"),
    "vocabulary size where none is taken": (["--vocab-size", "100"], "vocab_size"),
    "unknown option": (["--set", "optimizer.beta3=1"], "beta1, beta2, eps"),
    "malformed option": (["--set", "beta1=1"], "PART.OPTION=VALUE"),
    "option of the wrong range": (["--set", "optimizer.beta1=1.5"], "beta1"),
    "min-lr above lr": (["--lr", "1e-4", "--min-lr", "1"], "min_lr"),
    "no steps": (["--max-iters", "0"], "max_iters"),
    "no batch": (["--batch-size", "0"], "batch_size"),
    "lr is no number": (["--lr", "nan"], "lr is nan"),
    "missing config": (["--config", "{tmp}/none.toml"], "none.toml"),
    "damaged config": (["--config", "{tmp}/short.txt"], "not a TOML file"),
    "folder is taken": (["--out", "{tmp}/taken"], "--resume"),
    "folder is a file": (["--out", "{tmp}/short.txt"], "is a file"),
    "folder is not empty": (["--out", "{tmp}/full"], "not empty"),
    "resume without a folder": (["--resume"], "--out"),
    "resume what is no run": (["--resume", "--out", "{tmp}/full"], "holds no run"),
    "start from what is no run": (["--init-from", "{tmp}/full"], "holds no run"),
}


@pytest.mark.parametrize("case", CASES)
def test_wrong_input_to_train(case, npgpt, text_file, tmp_path):
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "latin.txt").write_bytes("caf\xe9".encode("latin-1") * 1000)
    (tmp_path / "short.txt").write_bytes(b"To be, or not to be")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/run.json").write_text("{}")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("mine")
    before = _tree(tmp_path)
    args, expected = CASES[case]
    args = [arg.format(tmp=tmp_path) for arg in args]
    defaults = [] if "--data" in args else ["--data", text_file]
    if "--resume" in args:
        result = npgpt("train", *args)
    else:
        out = [] if "--out" in args else ["--out", tmp_path / "run"]
        small = SMALL[2:] if "--preset" in args else SMALL
        result = npgpt("train", *defaults, *out, *small, *args)
    _assert_one_line(result, expected)
    assert _tree(tmp_path) == before


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--lr", "0"], "lr is 0"),
        (["--set", "model.dropout=2"], "dropout is 2"),
        (["--set", "model.dropout=true"], "dropout is True"),
        (["--set", "model.n_layer=2.0"], "n_layer is 2.0"),
        (["--n-embd", "30", "--n-head", "4"], "n_head = 4 does not divide"),
        (["--tokenizer", "bpe", "--vocab-size", "0"], "vocab_size=0"),
        (["--tokenizer", "word", "--set", "tokenizer.min_frequency='2'"], "min_frequency='2'"),
        (["--set", "optimizer.beta1=1.5"], "beta1 is 1.5"),
        (["--set", "optimizer.eps=nan"], "no data"),
        (["--set", "optimizer.beta3=1"], "no option 'beta3'"),
        (["--min-lr", "1"], "min_lr is 1"),
        (["--set", "schedule.warmup_iters=1.5"], "warmup_iters is 1.5"),
        (["--config", "{tmp}/run.toml"], "run.toml sets model.dropout, model.n_embd)"),
        (["--config", "{tmp}/wrong.toml"], "wrong.toml: unknown setting 'drop_out'"),
    ],
)
def test_wrong_values_are_refused_before_the_text_is_read(flags, expected, npgpt, tmp_path):
    (tmp_path / "run.toml").write_text("n-embd = 8\n[model]\ndropout = 2\n")
    (tmp_path / "wrong.toml").write_text("drop_out = 2\n")
    flags = [flag.format(tmp=tmp_path) for flag in flags]
    nowhere = ["--data", tmp_path / "nowhere.txt", "--out", tmp_path / "out"]
    _assert_one_line(npgpt("train", *nowhere, *flags), expected)
    flags = ["--tokenizers" if flag == "--tokenizer" else flag for flag in flags]
    _assert_one_line(npgpt("compare", *nowhere, *flags), expected)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["train", "compare"])
def test_the_file_that_the_help_shows_is_one(command, npgpt, tmp_path):
    lines = npgpt(command, "--help").output.partition("in TOML:")[2].splitlines()
    path = tmp_path / "run.toml"
    path.write_text("\n".join(line for line in lines if line.startswith("    ")))
    settings = resolve(choose(config=read_config(path)))
    assert settings.data == ("play.txt", "poems/")
    assert (settings.max_iters, settings.lr, settings.optimizer.name) == (1200, 1e-3, "adamw")
    assert settings.model.options["n_embd"] == 192
    assert settings.model.options["dropout"] == 0.1
    assert settings.tokenizer.options["vocab_size"] == 4096


def test_a_comparison_refuses_a_wrong_variant_before_the_first_run(npgpt, text_file, tmp_path):
    variants = ["--variant", "lr=0.1", "--variant", "lr=0.2 model.dropout=2"]
    data = ["--data", text_file, "--out", tmp_path / "out"]
    _assert_one_line(npgpt("compare", *data, *variants, *SMALL), "dropout is 2")
    assert not (tmp_path / "out").exists()


@pytest.mark.filterwarnings("default")
def test_a_warm_up_longer_than_the_run_is_told(npgpt, tmp_path):
    flags = ["--data", tmp_path / "nowhere.txt", "--max-iters", "9", "--warmup-iters"]
    told = "Warning: the warm-up of 10 steps (--warmup-iters) is longer than the run of 9"
    assert told in npgpt("train", *flags, "10").output
    assert "Warning" not in npgpt("train", *flags, "9").output


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["generate", "{tmp}"], "holds no run"),
        (["evaluate", "{tmp}"], "holds no run"),
        (["plot", "{tmp}"], "holds no run"),
        (["tokenize", "{tmp}/none", "hi"], "no run and no file"),
        (["check-grads", "Nothing"], "choose from"),
        (["trian"], "did you mean train"),
    ],
)
def test_wrong_input_to_the_other_commands(args, expected, npgpt, tmp_path):
    _assert_one_line(npgpt(*[arg.format(tmp=tmp_path) for arg in args]), expected)


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        (["--seed", "99"], "seed"),
        (["--lr", "0.5"], "lr"),
        (["--tokenizer", "word"], "tokenizer"),
        (["--max-iters", "1"], "max_iters"),
        (["--set", "optimizer.beta1=0.5"], "optimizer.beta1"),
    ],
)
def test_resume_refuses_what_contradicts_the_record(flag, expected, npgpt, small_run):
    _assert_one_line(npgpt("train", "--resume", "--out", small_run, *flag), expected)


def test_resume_refuses_changed_data(npgpt, small_run, text_file):
    text_file.write_text(text_file.read_text() + "one more line")
    _assert_one_line(npgpt("train", "--resume", "--out", small_run), "changed")


def test_a_missing_checkpoint_is_named(npgpt, small_run):
    result = npgpt("generate", small_run, "--checkpoint", "77")
    _assert_one_line(result, "there are 2, 4")


@pytest.mark.parametrize(
    "error", [OSError(24, "Too many open files", "a.py"), ImportError("no room for a library")]
)
def test_what_the_system_refuses_is_one_line(error, npgpt, small_run, monkeypatch):
    def refuse(*args):
        raise error

    monkeypatch.setattr(Run, "open", refuse)
    message = "Too many open files: a.py" if isinstance(error, OSError) else "no room for a library"
    _assert_one_line(npgpt("evaluate", small_run), f"the system says: {message}")
    monkeypatch.setenv("NPGPT_DEBUG", "1")
    assert npgpt("evaluate", small_run).exception is error


@pytest.mark.once
@pytest.mark.skipif(sys.platform == "win32", reason="there nobody deletes a folder in use")
def test_from_a_folder_that_is_gone_paths_from_the_root_work(
    npgpt, small_run, tmp_path, monkeypatch
):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for command in (("evaluate",), ("plot",), ("generate", "--max-new-tokens", 2)):
        assert npgpt(*command, small_run).exit_code == 0
    assert npgpt("train", "--resume", "--out", small_run, "--max-iters", 5).exit_code == 0
    _assert_one_line(npgpt("train", "--resume"), "the current folder is gone")


def test_no_folder_for_temporary_files_is_needed(npgpt, text_file, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    assert npgpt("train", "--data", text_file, "--out", tmp_path / "run", *SMALL).exit_code == 0


def _assert_one_line(result, expected):
    assert result.exit_code == 2, result.output
    assert result.output.count("Traceback") == 0
    error = [line for line in result.output.splitlines() if line.startswith("Error: ")]
    assert len(error) == 1, result.output
    assert expected in error[0]


def _tree(folder):
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if "cache" not in path.parts
    }


def test_a_damaged_tokenizer_is_told_by_its_own_class(npgpt, tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text('{"format": "npgpt-tokenizer", "version": 1, "tokenizer": "char"}')
    output = npgpt("tokenize", path, "a").output
    assert "no state of the tokenizer 'char': field 'options' is missing" in output
    assert "'word'" not in output


HOSTILE = "li\nne\t\x1b[31m\u202e\x9bX"
SHOWN = r"li\nne\t\x1b[31m\u202e\x9bX"


@pytest.mark.parametrize(
    "words",
    [
        "import {} --out out",
        "import {}.gguf",
        "import damaged/{}.gguf",
        "import damaged",
        "export {} --format gguf --out out",
        "tokenize {}.json text",
        "explain tokenize damaged/{}.json text",
        "explain forward {} text",
        "generate {}",
        "generate {} --prompt-file {}",
        "evaluate {}",
        "plot {}",
        "train --data {}",
        "train --data play.txt --tokenizer damaged/{}.json",
        "train --data play.txt --init-from {}",
        "train --data play.txt --config {}",
        "train --resume --out {}",
        "compare --data play.txt --tokenizers {}.json,char --out out",
    ],
)
def test_an_error_about_a_hostile_name_is_one_line(words, npgpt, text_file, monkeypatch):
    monkeypatch.chdir(text_file.parent)
    damaged = text_file.parent / "damaged"
    damaged.mkdir()
    for suffix in (".gguf", ".json"):
        (damaged / f"{HOSTILE}{suffix}").write_text("no")
    result = npgpt(*(word.replace("{}", HOSTILE) for word in words.split()))
    assert result.exit_code == 2, result.output
    assert (result.stdout, result.stderr.count("\n")) == ("", 1)
    assert result.stderr[:-1].isprintable()
    if words != "import damaged":
        assert SHOWN in result.stderr.replace("\\\\", "\\")


def test_a_run_of_a_text_with_a_hostile_name_has_a_harmless_one(npgpt, text_file, monkeypatch):
    monkeypatch.chdir(text_file.parent)
    text_file.rename(f"{HOSTILE}.txt")
    result = npgpt("train", "--data", f"{HOSTILE}.txt", *SMALL)
    assert result.exit_code == 0, result.output
    assert [path.name for path in text_file.parent.glob("runs/*")] == ["li-ne--[31m--X-char-1"]
    assert all(line.isprintable() for line in result.output.splitlines())


@pytest.mark.parametrize(
    ("words", "advice", "is_known"),
    [
        ("train", "Error: take a smaller --batch-size", True),
        ("evaluate run", "Error: take a smaller --batch-size", False),
        ("explain step run", "Warning: take a smaller --batch-size", True),
        ("explain tokenize run", "Warning: take a smaller --batch-size", False),
        ("evaluate run", "Error: train it with --init-from run", True),
        ("evaluate run", "the text says --batch-size", True),
        ("evaluate run", "Error: pip install --upgrade npgpt", True),
    ],
)
def test_advice_that_a_command_does_not_take_is_found(words, advice, is_known):
    """The fixture ``npgpt`` asks this of every command that a test runs."""
    try:
        require_known_options(words.split(), advice)
    except AssertionError:
        assert not is_known
    else:
        assert is_known
