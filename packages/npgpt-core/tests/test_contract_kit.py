"""The contract kit itself: which checks there are, and how pytest runs them."""

import re
import subprocess
import sys
import typing

import pytest

import npgpt_core.testing
from npgpt_core import NpgptError
from npgpt_core.plugins.kinds import KINDS
from npgpt_core.testing import parametrize_with_checks
from npgpt_core.testing.checklist import CheckList, must_raise, require, require_options_are_data
from npgpt_core.testing.contract import CHECKED_KINDS, checks_of


def test_every_kind_has_checks():
    """Which ones, the tests of each kind say: every check can fail."""
    assert set(CHECKED_KINDS) == {*KINDS, "layer"}


@pytest.mark.parametrize("kind", CHECKED_KINDS)
def test_ids_are_in_kebab_case_and_promises_are_one_line(kind):
    for check_id, check in checks_of(kind).items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", check_id)
        assert check.__doc__.endswith(".")
        assert "\n" not in check.__doc__


def test_the_checks_can_be_asked_for_again():
    assert checks_of("model") == checks_of("model")


# ---------------------------------------------------------------- laziness


@pytest.mark.parametrize(("statement", "modules"), [
    ("import npgpt_core.testing", ["pytest", "numpy"]),
    ("from npgpt_core.testing import *", ["pytest"]),
    ("import npgpt_core.testing as t; [getattr(t, name) for name in dir(t)]", ["pytest", "click"]),
    (
        "from npgpt_core.testing.contract import CHECKED_KINDS, checks_of;"
        " [checks_of(kind) for kind in CHECKED_KINDS]",
        ["pytest", "click"],
    ),
])  # fmt: skip
def test_only_parametrizing_imports_pytest(statement, modules):
    code = f"import sys; {statement}; print([m for m in {modules} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there():
    names = set(dir(npgpt_core.testing))
    assert {f"{kind}_checks" for kind in CHECKED_KINDS} <= names
    for name in names:
        assert getattr(npgpt_core.testing, name).__name__ == name


# ---------------------------------------------------------------- parametrizing

A_TEST = """
from npgpt_core.testing import parametrize_with_checks

class Constant:
    def __init__(self, *, lr, max_iters):
        self.lr = lr

    def __call__(self, step):
        return {value}

@parametrize_with_checks("schedule", Constant, {expected})
def test_contract(check):
    check()
"""


def run(tmp_path, value, expected=None):
    """What pytest reports of a schedule's contract."""
    path = tmp_path / "test_schedule.py"
    path.write_text(A_TEST.format(value=value, expected=expected), "utf-8")
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", path.name]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)


def test_a_right_part_passes_every_check(tmp_path):
    done = run(tmp_path, "self.lr")
    assert done.returncode == 0
    assert "8 passed" in done.stdout
    assert "PASSED test_schedule.py::test_contract[never-above-lr]" in done.stdout


def test_a_broken_promise_fails_one_test_and_says_what_to_do(tmp_path):
    done = run(tmp_path, "1.5 * self.lr")
    assert done.returncode == 1
    assert "1 failed, 7 passed" in done.stdout
    message = "schedule check never-above-lr: step 0 of 1 gave 0.00045, above lr=0.0003: scale"
    assert message in done.stdout


def test_an_expected_failure_is_reported_with_its_reason(tmp_path):
    done = run(tmp_path, "1.5 * self.lr", {"never-above-lr": "it doubles on purpose"})
    assert done.returncode == 0
    assert "7 passed, 1 xfailed" in done.stdout
    assert "XFAIL test_schedule.py::test_contract[never-above-lr] - it doubles" in done.stdout


def test_an_expected_failure_that_passes_fails(tmp_path):
    done = run(tmp_path, "self.lr", {"never-above-lr": "it doubles on purpose"})
    assert done.returncode == 1
    assert "1 failed, 7 passed" in done.stdout
    assert "[XPASS(strict)] it doubles on purpose" in done.stdout


def test_an_unknown_expected_failure_is_refused_with_the_ids_there_are():
    with pytest.raises(NpgptError, match="'pur', which is no schedule check: choose from protocol"):
        parametrize_with_checks("schedule", object, expected_failures={"pur": "why"})


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_an_expected_failure_needs_a_reason(reason):
    with pytest.raises(NpgptError, match="expected the reason"):
        parametrize_with_checks("schedule", object, expected_failures={"pure": reason})


def test_an_unknown_kind_is_refused_with_the_kinds_there_are():
    with pytest.raises(NpgptError, match="kind is 'tokeniser', expected one of tokenizer, opt"):
        parametrize_with_checks("tokeniser", object)


# ---------------------------------------------------------------- saying what is wrong


def failing(error):
    checks = CheckList("part")

    @checks
    def stays_right(factory):
        """It stays right."""
        raise error

    (pair,) = checks
    return pair


def test_a_failed_requirement_names_kind_and_id():
    check_id, check = failing(AssertionError("it is wrong: mend it"))
    with pytest.raises(AssertionError, match=r"^part check stays-right: it is wrong: mend it$"):
        check(None)
    assert check_id == "stays-right"


@pytest.mark.parametrize("error", [KeyError("weight"), SystemExit(3), RecursionError("deep")])
def test_whatever_a_part_raises_is_a_failed_check_that_says_what_was_expected(error):
    expected = rf"^part check stays-right: the part raised {type(error).__name__}: .*It stays right"
    with pytest.raises(AssertionError, match=expected) as raised:
        failing(error)[1](None)
    assert raised.value.__cause__ is error


def test_an_interrupt_passes_through():
    with pytest.raises(KeyboardInterrupt):
        failing(KeyboardInterrupt())[1](None)


def test_a_requirement_raises_its_message_or_nothing():
    require(1, "not seen")
    with pytest.raises(AssertionError, match=r"^seen$"):
        require([], "seen")


@pytest.mark.parametrize(("error", "message"), [
    (NpgptError(""), "f.json raised a NpgptError that says nothing: say what to do"),
    (NpgptError("no"), "f.json: the error does not name 'f.json': no"),
    (OSError("no"), r"f.json raised OSError: no; expected an npgpt_core.NpgptError: check for it"),
    (None, "f.json was accepted; expected an npgpt_core.NpgptError: check for it"),
])  # fmt: skip
def test_a_refusal_that_does_not_come_or_says_too_little_fails(error, message):
    def load():
        if error:
            raise error

    with pytest.raises(AssertionError, match=message), must_raise("f.json", naming="f.json"):
        load()


def test_options_that_cannot_be_given_by_name_or_written_as_json_are_refused():
    require_options_are_data("schedule", lambda *, rate=0.1, sizes=(1, 2), **rest: None)
    require_options_are_data("optimizer", lambda model=len: None)

    class Part:
        presets: typing.ClassVar = {}

        def __init__(self, *, rate=0.1):
            pass

    for wrong, told in (
        ({"rat": 1}, r"sets \['rat'\], expected some"),
        ({"rate": {1}}, "which JSON"),
    ):
        Part.presets = {"tiny": {"rate": 1}, "quick": wrong}
        with pytest.raises(AssertionError, match=rf"presets\['quick'\] .*{told}"):
            require_options_are_data("schedule", Part)
    with pytest.raises(AssertionError, match="option 'rate' cannot be given by name"):
        require_options_are_data("schedule", lambda rate, /: None)
    with pytest.raises(AssertionError, match="option 'rate' has the default inf, which JSON"):
        require_options_are_data("schedule", lambda rate=float("inf"): None)
