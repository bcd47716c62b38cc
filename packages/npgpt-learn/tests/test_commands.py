"""npgpt learn, as a learner types it."""

import json
import os
import subprocess
import sys

import click
import pytest

from npgpt_core import registry
from npgpt_core.errors import NpgptError, NpgptWarning
from npgpt_core.testing import parametrize_with_checks
from npgpt_learn.commands.learn import learn
from npgpt_learn.exercise_set import ExerciseSet
from npgpt_learn.exercises import PATH
from npgpt_learn.progress import Progress
from npgpt_learn.report import Report
from npgpt_learn.show.table import print_table
from npgpt_learn.workbook import Workbook

COMMANDS = {"npgpt learn": learn, **{f"npgpt learn {n}": c for n, c in learn.commands.items()}}


@parametrize_with_checks("command", learn)
def test_contract(check):
    check()


@pytest.mark.parametrize("command", learn.commands.values(), ids=learn.commands)
def test_sub_commands_explain_themselves(command):
    assert command.help
    assert all(p.help for p in command.params if isinstance(p, click.Option))


@pytest.fixture
def in_this_process(monkeypatch):
    """No process of its own for each marking: ``test_marker`` is about that."""

    def mark_file(exercise, file):
        return exercise.mark(file.read_text("utf-8"))

    monkeypatch.setattr("npgpt_learn.marker.mark_file", mark_file)


@pytest.fixture
def started(npgpt_learn):
    assert npgpt_learn("start").exit_code == 0
    npgpt_learn.folder /= "exercises"
    return npgpt_learn


def write(started, name, text):
    (started.folder / f"{name}.py").write_text(text, encoding="utf-8")


def test_start_writes_a_file_for_each_exercise(started):
    names = {path.name for path in started.folder.iterdir()}
    files = {f"{exercise.name}.py" for exercise in PATH.exercises}
    besides = {path.partition("/")[0] for path in PATH.find("gpt").files}
    assert names == {"README.md", "progress.json", *files, *besides}
    for name in files:
        text = (started.folder / name).read_text("utf-8")
        compile(text, name, "exec")
        code = text.partition('"""')[2].partition('"""')[2]
        assert ("npgpt" in code) == (name == "18_gpt.py")  # NumPy alone, but for the last


def test_start_again_keeps_what_is_there_and_adds_what_is_new(started):
    write(started, "03_linear", "# mine\n")
    (started.folder / "02_square.py").unlink()
    output = started("start").output
    assert f"1 exercise written, {len(PATH.exercises) - 1} kept" in output
    assert (started.folder / "03_linear.py").read_text("utf-8") == "# mine\n"
    assert (started.folder / "02_square.py").exists()


@pytest.mark.usefixtures("in_this_process")
def test_the_first_that_is_not_done_is_marked(started):
    result = started()
    assert result.exit_code == 1
    assert "Not written yet: line" in result.output
    write(started, "01_nudge", PATH.find("1").solution)
    result = started()
    assert result.exit_code == 0
    assert "All right." in result.output
    assert "Next: exercises/02_square.py\n" in result.output.replace(os.sep, "/")
    assert "02_square" in started().output


@pytest.mark.usefixtures("in_this_process")
def test_check_tells_what_is_wrong_and_why(started, linear):
    mistake = linear.mistakes[3]
    write(started, "03_linear", mistake.made_in(linear.solution))
    for word in ("3", "03_linear", "linear", started.folder / "03_linear.py"):
        result = started("check", word)
        assert result.exit_code == 1
        assert " ".join(mistake.hint.split()) in " ".join(result.output.split())
        assert "as it should be" in result.output
        assert "✗" in result.output
        assert max(map(len, result.output.splitlines())) <= 80


@pytest.mark.usefixtures("in_this_process")
def test_what_explains_several_results_is_said_once(started):
    adam = PATH.find("adam")
    wrong = adam.solution.replace("m_hat = m / ", "m_hat = 1.7 * m / ")
    write(started, "12_adam", wrong)
    report = adam.mark(wrong)
    output = started("check", "12").output
    assert len([result for result in report.results if result.finding]) > 1
    assert output.count("it begins with m_hat") == output.count("as it should be") == 1


@pytest.mark.usefixtures("in_this_process")
def test_a_line_that_is_still_to_be_written_is_named(started):
    """Also where it gives something else than ``...``, which is wrong."""
    bpe = PATH.find("bpe")
    right = "    for pair, new in merges.items():\n        ids = merge(ids, pair, new)\n"
    write(started, "13_bpe", bpe.solution.replace(right, "    ...\n"))
    output = started("check", "13").output
    assert "✗ encoded" in output
    number = bpe.solution.splitlines().index(right.splitlines()[0]) + 1
    assert f"\nLine {number} is still to be written.\n" in output


def test_a_progress_of_something_else_is_none_of_ours(started):
    """Such as one in a folder above: nobody is told to delete it."""
    (started.folder.parent / "progress.json").write_text("{}")
    assert started("list").exit_code == 0
    with pytest.raises(NpgptError, match="has no exercises"):
        started("check", started.folder.parent / "03_linear.py")


def test_check_works_in_a_folder_below(started, linear, monkeypatch):
    write(started, "03_linear", linear.solution)
    (started.folder / "notes").mkdir()
    monkeypatch.chdir(started.folder / "notes")
    assert started("check", "3").exit_code == 0


@pytest.mark.usefixtures("in_this_process")
def test_check_as_json(started, linear):
    write(started, "03_linear", linear.solution)
    found = json.loads(started("check", "3", "--json").output)
    assert found["03_linear"]["state"] == "passed"


def test_a_class(started, linear, tmp_path, monkeypatch):
    monkeypatch.setattr(PATH, "exercises", PATH.exercises[:4])
    for name in ("anna", "ben", "carla"):
        Workbook.start(tmp_path / name)
    (tmp_path / "ben" / "03_linear.py").write_text(linear.solution, encoding="utf-8")
    (tmp_path / "carla" / "progress.json").write_text("{")
    names = ["anna", "ben", "carla", "dan"]
    result = started("check", "--all", *(tmp_path / name for name in names))
    assert result.exit_code == 1
    count = len(PATH.exercises)
    anna, ben, *without = result.output.splitlines()[1:]
    assert [line.split()[0] for line in without] == ["carla", "dan"]
    assert "is damaged" in without[0]
    assert "has no exercises" in without[1]
    assert anna.split() == ["anna", *["·"] * count, f"0/{count}"]
    assert ben.split() == ["ben", "·", "·", "✓", *["·"] * (count - 3), f"1/{count}"]
    assert Progress.read(tmp_path / "ben").passed == []  # it is somebody else's


@pytest.mark.usefixtures("in_this_process")
def test_list_and_progress(started, linear):
    write(started, "03_linear", linear.solution)
    started("check", "3")
    started("hint", "2")
    output = started("list").output
    assert "✓ 03" in output
    assert "1 of 3 hints" in output
    assert f"1 of {len(PATH.exercises)} are done" in output
    assert json.loads(started("list", "--json").output)["passed"] == ["03_linear"]
    write(started, "03_linear", linear.learners_file)
    started("check", "3")
    assert json.loads(started("list", "--json").output)["passed"] == []


def test_hints_tell_more_each_time(started, linear):
    for count in (1, 2, 3, 3):
        output = " ".join(started("hint", "3").output.split())
        shown = [" ".join(hint.split()) in output for hint in linear.statement.hints]
        assert shown == [True] * count + [False] * (3 - count)


def test_reset_keeps_a_copy(started, linear):
    for i in (1, 2):
        write(started, "03_linear", f"# {i}\n")
        assert f"03_linear.old-{i}.py" in started("reset", "3").output
        assert (started.folder / f"03_linear.old-{i}.py").read_text("utf-8") == f"# {i}\n"
    assert (started.folder / "03_linear.py").read_text("utf-8") == linear.learners_file


@pytest.mark.usefixtures("in_this_process")
def test_the_solution_comes_after_passing_or_giving_up(started, linear):
    with pytest.raises(NpgptError, match="not done yet"):
        started("solution", "3")
    assert started("solution", "3", "--give-up").output == linear.solution
    assert json.loads(started("list", "--json").output)["given_up"] == ["03_linear"]
    write(started, "03_linear", linear.solution)
    started("check", "3")
    assert started("solution", "3").output == linear.solution


@pytest.mark.parametrize("words", [(), ("--watch",)])
def test_all_done(started, words):
    first, *others = [exercise.name for exercise in PATH.exercises]
    progress = Progress.read(started.folder)
    progress.passed = others
    progress.write(started.folder)
    write(started, first, PATH.find(first).solution)
    done = f"All {len(PATH.exercises)} exercises are done.\n"
    output = started(*words).output
    assert "All right." in output
    assert output.count(done) == 1
    assert started(*words).output == done


@pytest.mark.parametrize("words", [(), ("list",), ("check", "3"), ("hint",), ("check", "--all")])
def test_without_exercises_the_command_says_how_to_start(npgpt_learn, words):
    with pytest.raises(NpgptError, match="npgpt learn start writes them"):
        npgpt_learn(*words)


def test_a_class_as_json(started, tmp_path, monkeypatch):
    monkeypatch.setattr(PATH, "exercises", PATH.exercises[:1])
    found = json.loads(started("check", "--all", "--json", tmp_path / "x", started.folder).output)
    assert "has no exercises" in found[str(tmp_path / "x")]["problem"]
    assert found[str(started.folder)]["01_nudge"]["state"] == "not written yet"


def test_folders_of_one_name_are_told_apart(capsys):
    print_table({"1/anna": NpgptError("no"), "2/anna": {"01_x": Report("passed")}})
    assert capsys.readouterr().out.splitlines() == [
        "        01",
        "1/anna   no",
        "2/anna   ✓  1/1",
    ]


def test_two_terminals_share_the_progress(started, linear):
    """What one of them keeps, the other does not write over."""
    watching = Workbook.open(started.folder)
    write(started, "03_linear", linear.solution)
    started("check", "3")
    started("hint", "5")
    write(started, "01_nudge", PATH.find("1").solution)
    watching.mark(PATH.find("1"))
    progress = Progress.read(started.folder)
    assert progress.passed == ["03_linear", "01_nudge"]
    assert progress.hints == {"05_gelu": 1}
    assert watching.current.name == "02_square"


def test_where_progress_cannot_be_kept_the_rest_is_done_all_the_same(started, linear, monkeypatch):
    def refuse(*_):
        raise NpgptError("cannot write progress.json")

    monkeypatch.setattr(Progress, "write", refuse)
    write(started, "03_linear", linear.solution)
    write(started, "01_nudge", PATH.find("1").solution)
    first_hint = " ".join(linear.statement.hints[0].split())
    for words, said in (
        (("check", "3"), "All right."),
        (("hint", "3"), first_hint),
        (("solution", "3", "--give-up"), "dW += x.T @ dy"),
        (("--watch",), "All right."),  # and it ends
    ):
        with pytest.warns(NpgptWarning, match="your progress is not kept: cannot write"):
            result = started(*words)
        assert result.exit_code == 0
        assert said in " ".join(result.output.split())
    assert "Next: exercises" not in result.output  # that would be the same one
    assert started("start").exit_code == 0  # there is nothing to write


def test_start_again_without_the_name_of_the_set(npgpt_learn, monkeypatch):
    """As after an upgrade; the folder says whose exercises it has."""
    other = ExerciseSet(PATH.folder)
    monkeypatch.setattr(registry, "load", lambda kind, name: {"npgpt": PATH, "mine": other}[name])
    assert npgpt_learn("start", "mine", "--set", "mine").exit_code == 0
    assert "18 kept" in npgpt_learn("start", "mine").output
    with pytest.raises(NpgptError, match="has the exercises 'mine', not 'npgpt'"):
        npgpt_learn("start", "mine", "--set", "npgpt")


DAMAGED = [
    "",
    "[]",
    "{}",
    '{"exercises": 3}',
    '{"exercises": "x", "y": 1}',
    '{"exercises": "npgpt", "passed": [3]}',
    '{"exercises": "npgpt", "given_up": [null]}',
    '{"exercises": "npgpt", "hints": {"01_nudge": "x"}}',
    '{"exercises": "npgpt", "hints": {"01_nudge": -1}}',
]


@pytest.mark.parametrize("text", DAMAGED)
def test_damaged_progress_is_told(started, text):
    (started.folder / "progress.json").write_text(text)
    with pytest.raises(NpgptError, match=r"progress.json is damaged"):
        started("list")


def test_an_unknown_exercise_and_an_unknown_set(started):
    with pytest.raises(NpgptError, match="there is no exercise 'x': choose from 01_nudge"):
        started("check", "x")
    with pytest.raises(NpgptError, match="unknown exercise 'x'"):
        started("start", "other", "--set", "x")


def test_what_code_prints_moves_no_cursor(started, linear):
    write(started, "03_linear", linear.solution + "\nprint('\\x1b[2J' + 'a' * 200)\n")
    output = started("check", "3").output
    assert "\x1b" not in output
    assert r"| \x1b[2Jaaa" in output


@pytest.mark.once
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_watching_marks_again_when_the_file_is_saved(started):
    code = "from npgpt_learn.commands.learn import learn; learn()"
    process = subprocess.Popen(
        [sys.executable, "-uc", code, "--watch"], stdout=subprocess.PIPE, text=True
    )
    try:
        lines = iter(process.stdout.readline, "")
        assert any("Not written yet" in line for line in lines)
        assert any("Watching 01_nudge.py" in line for line in lines)
        write(started, "01_nudge", PATH.find("1").solution)
        assert any("All right." in line for line in lines)
        assert any("Watching 02_square.py" in line for line in lines)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.once
@pytest.mark.skipif(os.name == "nt", reason="permissions")
def test_a_read_only_installation(started, linear, monkeypatch):
    """Nothing is written beside the exercises of the package."""
    before = {path: path.stat().st_mtime_ns for path in PATH.folder.rglob("*")}
    write(started, "03_linear", linear.solution)
    assert started("check", "3").exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in PATH.folder.rglob("*")} == before
