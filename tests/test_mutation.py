"""The mutation tool: every change compiles and is one; what no test notices is told, once."""

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).with_name("mutation.py")
SOURCE = '''"""A docstring, 1 + 1."""


def larger(a: int | None, *rest, γ=2):
    """Not > this."""
    if a is not None and a >= γ:  # γ > 1
        return (a - γ) * 3
    raise ValueError(f"{a}")
'''


@pytest.fixture(scope="module")
def mutation():
    spec = importlib.util.spec_from_file_location("mutation", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_change_is_one_and_stands_in_code(mutation):
    changes = [change for group in mutation.changes(SOURCE) for change in group]
    made = {(change["old"], change["new"]) for change in changes}
    assert made >= {("and", "or"), ("not", ""), (">=", ">"), ("-", "+"), ("*", "+")}
    assert made >= {("2", "(2 + 1)"), ("3", "(3 - 1)"), ("return (a - γ) * 3", "return None")}
    assert ('raise ValueError(f"{a}")', "pass") in made
    assert not {old for old, _ in made} & {"|", "1"}  # type hints, docstrings, comments
    assert len(changes) == len({tuple(change.items()) for change in changes})
    for change in changes:
        begin, end = change["at"], change["at"] + len(change["old"])
        assert SOURCE[begin:end] == change["old"]
        changed = SOURCE[:begin] + change["new"] + SOURCE[end:]
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(SOURCE))


@pytest.mark.once
def test_tests_cannot_take_all_memory(mutation, tmp_path):
    pytest.importorskip("resource")
    source = tmp_path / "toy" / "src" / "toy" / "__init__.py"
    source.parent.mkdir(parents=True)
    source.write_text("SIZE = 0\n")
    change = {"file": "__init__.py", "at": 7, "old": "0", "new": f"{mutation.MEMORY}"}
    test = tmp_path / "toy" / "tests" / "test_toy.py"
    test.parent.mkdir()
    test.write_text("from toy import SIZE\ndef test_it(): bytearray(SIZE)\n")
    result, _, failure = mutation.run_tests(tmp_path / "toy", ["tests"], 60, change)
    assert (result, failure.endswith("::test_it")) == ("failed", True)


@pytest.mark.once
def test_what_no_test_notices_is_told_and_tried_once(tmp_path):
    package = tmp_path / "packages" / "toy"
    for folder in (tmp_path / "tests", package / "src" / "toy", package / "tests"):
        folder.mkdir(parents=True)
    (tmp_path / "tests" / "mutation.py").write_bytes(TOOL.read_bytes())
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (package / "src" / "toy" / "__init__.py").write_text("def double(x):\n    return x * 2\n")
    test = package / "tests" / "test_toy.py"
    test.write_text("from toy import double\ndef test_it(): assert double(0) == 0\n")

    def run(*more):
        command = [sys.executable, "tests/mutation.py", "toy", "--log", "log.jsonl", *more]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    first = run()
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    results = {change["old"]: change["result"] for change in log}
    assert results["return x * 2"] == "failed"
    assert results["2"] == "passed"
    assert first.returncode == 1
    assert "__init__.py:2: 2 -> (2 " in first.stdout
    assert len(run("--count", "2").stdout.splitlines()) < len(first.stdout.splitlines())
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == len(log)
    test.write_text("from toy import double\ndef test_it(): assert double(3) == 6\n")
    assert run("--retry").returncode == 0
