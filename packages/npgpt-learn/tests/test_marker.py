"""Marking in a process of its own: whatever a learner's code does is answered in words."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict

import pytest

from npgpt_learn.exercise import Exercise
from npgpt_learn.exercises import PATH
from npgpt_learn.marker import mark_file
from npgpt_learn.marking import limits
from npgpt_learn.marking.inputs import draw
from npgpt_learn.report import Report

DX = "dx = dy @ W.T"


@pytest.fixture
def mark(linear, tmp_path):
    """Mark the solution with other code in the place of a line."""
    file = tmp_path / "my folder" / "03_linear.py"
    file.parent.mkdir()

    def marked(instead, exercise=linear):
        file.write_text(linear.solution.replace(DX, instead), encoding="utf-8")
        return mark_file(exercise, file)

    return marked


def test_what_is_right_passes_and_what_it_prints_is_kept(mark):
    report = mark(f"{DX}\n    print('dx', dx.shape)")
    assert report.passed
    assert report.printed == "dx (2, 4)\n"  # that of the first call


@pytest.mark.parametrize(
    ("instead", "problem", "line"),
    [
        ("import os; os._exit(3)", "ended the process, with exit code 3", 0),
        ("for i in range(10**6): print(i)", "prints more than 10,000 lines", 19),
        ("np.ones((10**6, 10**6))", "needs more memory than it may take", 19),
        ("input()", "EOFError", 19),
        ("raise KeyboardInterrupt", "the code raised KeyboardInterrupt", 0),
        ("import sys; sys.stdout.close(); sys.stderr.close(); 1 / 0", "ZeroDivisionError", 19),
    ],
)
def test_what_only_a_process_of_its_own_survives(mark, instead, problem, line):
    report = mark(instead)
    assert (report.state, report.line) == ("failed", line)
    assert problem in report.problem


@pytest.mark.parametrize(
    ("instead", "problem"),
    [
        ("exit(3)", "the code ended the program"),
        ("dy *= 2", "writes into an array that belongs to the caller"),
        ("dx = dy @ Q", "NameError: name 'Q' is not defined"),
        ("linear_backward(dy, x, W, dW, db)", "RecursionError"),
        ("raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})", "E"),
        ("raise ValueError('x' * 10**6)", "xxx..."),
    ],
)
def test_what_goes_wrong_while_it_runs(linear, instead, problem):
    report = linear.mark(linear.solution.replace(DX, instead))
    assert report.state == "failed"
    assert problem in report.problem
    assert report.line == 19 or "Recursion" in problem


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("def linear(:\n", "SyntaxError", 1),
        ("\0", "SyntaxError", 0),
        ("", "there is no function linear", 0),
        ("x = 1\nraise BaseException('no')", "BaseException: no", 2),
    ],
)
def test_what_is_no_exercise(linear, text, problem, line):
    report = linear.mark(text)
    assert report.state == "failed"
    assert problem in report.problem
    assert report.line in (line, 1)


@pytest.mark.once
def test_an_endless_loop_is_ended_and_its_line_named(mark, linear, tmp_path):
    quick = shutil.copytree(linear.folder, tmp_path / linear.name)
    marking = quick / "marking.py"
    text = marking.read_text("utf-8").replace('"linear", ', '"linear", seconds=0.5, ')
    marking.write_text(text, encoding="utf-8")
    report = mark("while True: pass", Exercise(quick))
    assert "takes too long" in report.problem
    assert report.line == 19


ODD = [
    "None", "...", "'text'", "3", "10**400", "float('nan')", "1e300 * x", "-1e300 * x", "1j * x",
    "x.astype(object)", "x.astype(str)", "[x, x]", "(x, 1)", "{'x': x}", "{1: {2: 3}}", "[[1], x]",
    "lambda: 1", "x[:0]", "x[None]", "np.float32(3)", "np.ma.array(x)", "np.array(None)", "b'1'",
    "type('E', (), {'__eq__': lambda self, other: 1 / 0})()", "iter(x)", "x > 0", "range(3)",
    "np.zeros(3, dtype=[('a', int)])", "np.datetime64('now')", "np.matrix(x)",
]  # fmt: skip


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("topic", ["linear", "bpe"])
def test_whatever_a_function_returns_is_answered(topic, value):
    """Each function returns it in its turn."""
    exercise = PATH.find(topic)
    for function in re.findall(r"(?m)^def (\w+)", exercise.solution):
        source = exercise.solution + f"\n\nx = np.ones((5, 3))\n{function} = lambda *a: {value}\n"
        report = exercise.mark("import numpy as np\n" + source)
        assert not report.passed
        assert report.explained, function


def test_what_is_not_the_learners_fault_is_said_so(linear, tmp_path):
    """Such as an exercise whose marking is wrong, or whose mistakes are."""
    for file, text in (
        ("marking.py", "MARKING = 3"),
        ("marking.py", "1 / 0"),
        ("mistakes.py", "MISTAKES = [3]"),
    ):
        folder = tmp_path / f"{len(text):02}_linear"
        shutil.copytree(linear.folder, folder)
        (folder / file).write_text(text, encoding="utf-8")
        learners = tmp_path / "03_linear.py"
        learners.write_text(linear.solution.replace(DX, "dx = 7 * x"), encoding="utf-8")
        report = mark_file(Exercise(folder), learners)
        assert report.state == "failed"
        assert "your code is not to blame" in report.problem
        assert report.printed == ""


def test_a_file_of_notepad_is_read(linear, tmp_path):
    (tmp_path / "03_linear.py").write_text(linear.solution, encoding="utf-8-sig")
    assert mark_file(linear, tmp_path / "03_linear.py").passed


def test_a_crash_is_named(mark):
    report = mark("import ctypes; ctypes.string_at(0)")
    assert "SIGSEGV" in report.problem or "ended the process" in report.problem


def test_shapes_of_a_line_that_fails_are_told(linear):
    report = linear.mark(linear.solution.replace(DX, "dx = dy @ W.T @ x.T @ dy.T"))
    assert set(report.shapes) == {"dy is (2, 3)", "W is (4, 3)", "x is (2, 4)"}


def test_a_file_that_cannot_be_read(linear, tmp_path):
    assert "npgpt learn start writes it" in mark_file(linear, tmp_path / "03_linear.py").problem
    assert "cannot be read" in mark_file(linear, tmp_path).problem
    (tmp_path / "03_linear.py").write_bytes(b"\xff\xfe")
    assert "UTF-8" in mark_file(linear, tmp_path / "03_linear.py").problem


@pytest.mark.skipif(not hasattr(os, "setsid"), reason="sessions")
def test_nobody_waits_for_what_a_file_leaves_running(mark):
    """It has a session of its own, and holds the pipe open."""
    start = "import subprocess; subprocess.Popen(['sleep', '20'], start_new_session=True); "
    report = mark(start + DX)
    assert report.passed
    assert report.seconds < 15


def test_a_result_that_takes_no_memory_before_it_is_compared(mark):
    report = mark("dx = np.broadcast_to(1.0, (10**6, 10**6))")
    assert report.problem == "a result needs more memory than it may take"


def test_what_a_file_starts_ends_with_it(mark):
    assert mark("import subprocess; subprocess.Popen(['sleep', '60']); " + DX).passed


def test_a_report_survives_json(linear):
    report = linear.mark(linear.solution.replace(DX, "dx = -dy @ W.T"))
    again = Report.from_json(json.loads(json.dumps(asdict(report))))
    assert json.dumps(asdict(again)) == json.dumps(asdict(report))
    assert again.results[-1].picture.yours == report.results[-1].picture.yours


def test_memory_is_limited_without_the_systems_help(linear):
    """As on Windows: without ``resource``, Python counts."""
    code = (
        "import sys; sys.modules['resource'] = None\n"
        "from npgpt_learn.marking import limits; import os, time\n"
        "limits.MEMORY = 10**7\n"
        "def stop(problem): print(problem, flush=True); os._exit(0)\n"
        "limits.limit_memory(stop)\n"
        "kept = bytearray(2 * 10**7); time.sleep(10)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("the code needs more memory than it may take")


def test_the_line_of_the_file_is_found_below_those_of_others():
    trace = (
        'File "/numpy.py", line 3 in f\n  File "/a b/x.py", line 7 in g\n  File "/a b/x.py", line 9'
    )
    assert limits.line_reached(trace, "/a b/x.py") == 7
    assert limits.line_reached(trace, "/other.py") == 0


def test_inputs_refuse_writes():
    import numpy as np

    for shape in ("N", "N < N"):
        with pytest.raises(ValueError, match="read-only"):
            draw(shape, {"N": 3}, True, np.random.default_rng(0))[0] = 1
