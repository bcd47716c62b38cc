"""The exercise that puts the learner's own files to use."""

import compileall
import os
import shutil
import subprocess
import sys
import time

import pytest

from npgpt_learn.exercise import Exercise
from npgpt_learn.exercises import PATH
from npgpt_learn.marker import mark_file

GPT = PATH.find("gpt")
DX = "dx = dy @ W.T"


@pytest.fixture
def folder(tmp_path):
    """A learner's folder with every exercise done."""
    for exercise in PATH.exercises:
        (tmp_path / f"{exercise.name}.py").write_text(exercise.solution, encoding="utf-8")
    for path, text in GPT.files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_bytecode_that_pip_makes_is_none_of_its_files(tmp_path):
    folder = tmp_path / GPT.name
    shutil.copytree(GPT.folder, folder)
    compileall.compile_dir(folder, quiet=2)
    assert list(folder.rglob("*.pyc"))
    assert Exercise(folder).files == GPT.files


def test_a_mistake_in_an_earlier_file_is_named(folder, linear):
    wrong = linear.solution.replace(DX, f"{DX} * 2")
    (folder / "03_linear.py").write_text(wrong, encoding="utf-8")
    report = mark_file(GPT, folder / "18_gpt.py")
    assert report.problem.startswith("03_linear.py is wrong: ")
    assert report.problem.endswith("(npgpt learn check 3)")
    assert report.hints == []


def test_an_earlier_file_that_is_not_written_yet_is_named(folder):
    gelu = PATH.find("gelu")
    (folder / "05_gelu.py").write_text(gelu.learners_file, encoding="utf-8")
    assert "05_gelu.py is not written yet" in mark_file(GPT, folder / "18_gpt.py").problem


def test_no_solution_takes_the_place_of_an_earlier_file(folder):
    (folder / "10_heads.py").unlink()
    report = mark_file(GPT, folder / "18_gpt.py")
    assert report.problem == "ModuleNotFoundError: No module named '10_heads'"
    assert "10_heads" in GPT.solution.splitlines()[report.line - 1]


def test_a_model_that_breaks_the_contract_is_told_how(folder):
    source = GPT.solution.replace("if not (isinstance(value, int) and value > 0):", "if False:")
    report = GPT.mark(source)
    assert "model check config-refuses" in report.problem


def test_what_comes_last_waits_for_the_rest():
    mistake = GPT.mistakes[-1]
    names = [result.name for result in GPT.mark(mistake.made_in(GPT.solution)).results]
    assert "logits" in names
    assert "losses" not in names


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("attention, q, k, v)", "attention, q, k, q)", "it begins in Attention.forward with z"),
        ("self.gelu.backward(self", "self.gelu.backward(-self", "FeedForward.backward with dx"),
    ],
)
def test_where_a_model_begins_to_be_wrong_is_found_in_time(right, wrong, said):
    begin = time.process_time()
    report = GPT.mark(GPT.solution.replace(right, wrong))
    assert said in "".join(result.finding for result in report.results)
    assert time.process_time() - begin < 5


def test_npgpt_finds_the_model_by_the_path_of_the_folder(folder):
    code = (
        "import sys; from npgpt_core import registry; spec = registry.find('model', 'mine');"
        " assert 'numpy' not in sys.modules; print(spec.qualified,"
        " registry.load('model', 'mine').__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["my-gpt/mine", "GPT"]
