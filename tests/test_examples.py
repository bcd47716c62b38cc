"""The examples run as a reader would run them, and do what they say."""

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


def _run(name, *args):
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *args]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout


def test_xor_is_learned_in_thirty_lines():
    *_, zero, one, other, both = _run("xor.py").splitlines()
    answers = [float(line.rpartition(" ")[2]) for line in (zero, one, other, both)]
    assert [round(answer) for answer in answers] == [0, 1, 1, 0]
    code = (EXAMPLES / "xor.py").read_text().splitlines()
    assert sum(bool(line.strip()) for line in code) <= 30


def test_names_are_learned_and_made_up():
    output = _run("names.py")
    losses = [float(line.split()[-1]) for line in output.splitlines() if line.startswith("step")]
    assert losses[-1] < losses[0] / 2
    assert len(output.splitlines()[-1].split()) > 5


def test_shakespeare_walks_through_a_run():
    output = _run("shakespeare.py")
    assert "'HAMLET:\\nTo be,'" in output
    assert "HAMLET:\nTo be," in output
    curves = Path(output.partition("curves: ")[2].splitlines()[0])
    assert curves.read_bytes().startswith(b"\x89PNG")
