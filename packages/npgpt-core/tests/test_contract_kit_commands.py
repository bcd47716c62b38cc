"""Each command check can fail: for every id, a command that is broken in one place.

npgpt-core does not know Click, so these commands are made of the few attributes that the kit asks
of a Click command; the commands of npgpt-cli are held against it in the tests of the whole house.
"""

import sys
from types import SimpleNamespace

import pytest

from npgpt_core.testing import command_checks, parametrize_with_checks

CHECKS = dict(command_checks())


class Greet:
    """A right command, to be broken in one place at a time."""

    name = "greet"
    help = "Say hello to a NAME."
    __module__ = "npgpt_core.plugins.hookspecs"  # a module that imports no NumPy

    def __init__(self, **changes):
        self.params = [option("loud", help="Shout."), argument("name")]
        vars(self).update(changes)

    def main(self, args, prog_name):
        unknown = [a for a in args if a.startswith("-") and a not in ("--help", "--loud")]
        if unknown:
            print(f"No such option: {unknown[0]}", file=sys.stderr)
            raise SystemExit(2)
        if "--help" in args:
            print(f"Usage: {prog_name}\n\n  {self.help}")
        raise SystemExit(0)


class NoMain:
    name, help, params = "greet", "Say hello.", []


class HelpFails(Greet):
    def main(self, args, prog_name):
        raise RuntimeError("no terminal")


class IgnoresOptions(Greet):
    def main(self, args, prog_name):
        super().main([a for a in args if a == "--help"], prog_name)


class ImportsNumPy(Greet):
    __module__ = "npgpt_core.module"


def option(name, **attributes):
    return SimpleNamespace(name=name, param_type_name="option", hidden=False, **attributes)


def argument(name):
    return SimpleNamespace(name=name, param_type_name="argument")


BROKEN = {
    "protocol": NoMain(),
    "has-a-name": Greet(name="Greet_All"),
    "has-help": Greet(help=None),
    "options-explained": Greet(params=[option("loud", help=None)]),
    "help-runs": HelpFails(),
    "unknown-option-refused": IgnoresOptions(),
    "imports-no-numpy": ImportsNumPy(),
}


@parametrize_with_checks("command", Greet())
def test_a_right_command_passes(check):
    check()


@pytest.mark.parametrize("check_id", BROKEN)
def test_a_broken_command_fails(check_id):
    with pytest.raises(AssertionError, match=f"command check {check_id}: .{{20}}"):
        CHECKS[check_id](BROKEN[check_id])


def test_a_command_whose_help_is_not_printed_is_refused():
    class Silent(Greet):
        def main(self, args, prog_name):
            raise SystemExit(0)

    with pytest.raises(AssertionError, match="does not print the help 'Say hello to'"):
        CHECKS["help-runs"](Silent())


def test_every_check_has_its_broken_command():
    assert set(BROKEN) == set(CHECKS)


def test_a_command_that_cannot_be_imported_by_name_is_refused():
    class Local(Greet):
        __module__ = "no_such_module"

    with pytest.raises(AssertionError, match="no_such_module does not import by its name"):
        CHECKS["imports-no-numpy"](Local())
