"""Every command with standard streams that are closed, full, left by their reader, or narrow.

Each state is that of a real process, which runs all commands one after another.
"""

import json
import os
import subprocess
import sys

import pytest

from npgpt_train.run.folder import Run

SMALL = ["--preset", "tiny", "--max-iters", "2", "--eval-interval", "2", "--eval-iters", "1"]
WORK = {
    "train": ["train", "--data", "{text}", "--out", "{new}/run", *SMALL],
    "resume": ["train", "--resume", "--out", "{new}/run", "--max-iters", "4"],
    "compare": ["compare", "--tokenizers", "char", "--data", "{text}", "--out", "{new}/c", *SMALL],
}
"""What is worth more than its messages, and ends whatever happens to them."""
COMMANDS = {
    **WORK,
    "help": ["--help"],
    "help of a command": ["train", "--help"],
    "version": ["--version"],
    "generate": ["generate", "{run}", "--max-new-tokens", "200", "--prompt", "élan — ☃"],
    "evaluate": ["evaluate", "{run}"],
    "plot": ["plot", "{run}", "--out", "{new}/curves.png"],
    "tokenize": ["tokenize", "{run}", "élan — ☃"],
    "decode": ["tokenize", "{run}", "--decode", "9 10 11 12 13 14 15 16 17 18 19 20 21"],
    "explain attention": ["explain", "attention", "{run}", "“élan” — ☃"],
    "a head": ["explain", "attention", "{run}", "“élan” — ☃", "--layer", "0", "--head", "1"],
    "explain backward": ["explain", "backward", "{run}", "“élan” — ☃"],
    "explain forward": ["explain", "forward", "{run}", "“élan” — ☃"],
    "explain step": ["explain", "step", "{run}"],
    "explain tokenize": ["explain", "tokenize", "bpe", "“élan” — ☃ “élan”"],
    "check-grads": ["check-grads", "Linear"],
    "cache": ["cache"],
    "plugins": ["plugins"],
    "plugins show": ["plugins", "show", "optimizer", "adam"],
    "plugins new": ["plugins", "new", "schedule", "slow", "--out", "{new}/slow"],
}
BYTES = {"generate raw": ["generate", "{run}", "--max-new-tokens", "9", "--raw"]}
"""What writes UTF-8 whatever the encoding of the stream."""
DRIVER = """
import json, sys
from npgpt_cli.main import main
codes = {}
for name, arguments in json.load(open(sys.argv[1])).items():
    try:
        main(arguments, prog_name="npgpt")
    except SystemExit as end:
        codes[name] = end.code
    except BaseException as error:
        codes[name] = repr(error)
json.dump(codes, open(sys.argv[2], "w"))
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A text with characters that hardly any encoding has, and a run on it."""
    folder = tmp_path_factory.mktemp("small")
    text = folder / "play.txt"
    text.write_text("The “king” — élan, ☃ — sleeps.\n" * 400, encoding="utf-8")
    arguments = ["train", "--data", text, "--out", folder / "run", *SMALL]
    environment = {**os.environ, "NPGPT_CACHE": str(folder / "cache")}
    script = "from npgpt_cli.main import main; main()"
    command = [sys.executable, "-c", script, *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return folder


def _run(small, new, redirection="", encoding="", stdout=None):
    """Exit code of each command, what the standard streams took, and the process's own code."""
    paths = {"run": small / "run", "text": small / "play.txt", "new": new}
    commands = {
        name: [argument.format(**paths) for argument in arguments]
        for name, arguments in (COMMANDS if encoding else COMMANDS | BYTES).items()
    }
    (new / "commands.json").write_text(json.dumps(commands))
    python = [sys.executable, "-c", DRIVER, new / "commands.json", new / "codes.json"]
    files = new / "stdout", new / "stderr"
    with files[0].open("wb") as out, files[1].open("wb") as err:
        process = subprocess.run(
            ["sh", "-c", f'exec "$@" {redirection}', "sh", *map(str, python)],
            stdout=out if stdout is None else stdout,
            stderr=err,
            stdin=subprocess.DEVNULL,
            check=False,
            env={
                **os.environ,
                "NPGPT_CACHE": str(small / "cache"),
                "PYTHONIOENCODING": encoding or "utf-8",
                "PYTHONUTF8": "0",
            },
        )
    codes = json.loads((new / "codes.json").read_text())
    for folder, steps in ((new / "run", 4), (new / "c/runs/char", 2)):
        assert Run.open(folder).checkpoints.steps()[-1] == steps
        assert (folder / "sample.txt").exists()
    assert (new / "c/report.json").exists()
    return codes, *(file.read_bytes() for file in files), process.returncode


@pytest.mark.once
@pytest.mark.parametrize(
    "redirection", [">&-", ">&- 2>&-", ">/dev/full", ">/dev/full 2>/dev/full", "| true"]
)
def test_output_that_nobody_takes_is_told_in_a_line_and_in_the_exit_code(
    redirection, small, tmp_path
):
    if redirection == "| true":  # a pipe whose reader has left
        reader, writer = os.pipe()
        os.close(reader)
        codes, _, err, code = _run(small, tmp_path, stdout=writer)
        os.close(writer)
    else:
        codes, _, err, code = _run(small, tmp_path, redirection)
    assert codes == dict.fromkeys(COMMANDS | BYTES, 1)
    assert code == 0
    lines = err.decode().splitlines()
    told = [line for line in lines if line.startswith("Error: cannot write to standard output: ")]
    assert len(told) == (len(codes) if redirection in (">&-", ">/dev/full") else 0)
    assert all(line.startswith("Warning: ") for line in lines if line not in told), err.decode()


@pytest.mark.once
@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_warnings_that_nobody_takes_hinder_nothing(redirection, small, tmp_path):
    codes, out, err, code = _run(small, tmp_path, redirection)
    assert codes == dict.fromkeys(COMMANDS | BYTES, 0)
    assert (err, code) == (b"", 0)
    assert "final loss" in out.decode()


@pytest.mark.once
@pytest.mark.skipif(sys.platform == "win32", reason="there no shell opens a descriptor to write")
def test_standard_input_that_cannot_be_read_is_told_also_where_errors_go_nowhere(small):
    odd = "\udcff"  # a byte that is no character
    for arguments, redirection, expected in (
        (["generate", "RUN", "--prompt", "-"], "", b"Error: cannot read standard input"),
        (["tokenize", "RUN"], "", b"Error: cannot read standard input"),
        (["tokenize", "RUN"], "2>&-", b""),
        (["generate", odd], "", b"Error: "),
        (["generate", odd], "2>&-", b""),
        (["train", "--optim", odd], "2>&-", b""),
    ):
        words = [str(small / "run") if word == "RUN" else word for word in arguments]
        python = [sys.executable, "-c", "from npgpt_cli.main import main; main()", *words]
        process = subprocess.run(
            ["sh", "-c", f'exec "$@" 0>/dev/null {redirection}', "sh", *python],
            capture_output=True,
            check=False,
        )
        assert process.returncode == 2, process.stderr
        assert process.stderr.startswith(expected)
        assert b"Traceback" not in process.stderr


@pytest.mark.once
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-16"])
def test_what_an_encoding_lacks_is_replaced(encoding, small, tmp_path):
    codes, out, err, code = _run(small, tmp_path, encoding=encoding)
    assert codes == dict.fromkeys(COMMANDS, 0)
    assert code == 0
    assert "Traceback" not in err.decode(encoding)
    text = out.decode(encoding)
    assert ("☃" in text) == (encoding == "utf-16")
    assert ("\\u2603" in text) == (encoding != "utf-16")
    assert ("é" in text) == (encoding != "ascii")
    assert ("█" in text) == (encoding == "utf-16")
    assert ("–" in text) == (encoding in ("cp1252", "utf-16"))
