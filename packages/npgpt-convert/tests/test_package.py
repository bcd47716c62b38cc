"""What the package offers, and where its plugin says that it is."""

import subprocess
import sys

import pytest

import npgpt_convert
from npgpt_convert import _plugin
from npgpt_convert.commands.export import export
from npgpt_convert.commands.import_ import import_
from npgpt_core import NpgptError, registry
from npgpt_core.testing import parametrize_with_checks


@parametrize_with_checks("command", export)
def test_export_keeps_the_contract(check):
    check()


@parametrize_with_checks("command", import_)
def test_import_keeps_the_contract(check):
    check()


@pytest.mark.parametrize("name", _plugin.npgpt_commands())
def test_the_plugin_points_at_commands(name):
    assert registry.load("command", name).name == name


def test_every_public_name_is_there():
    assert all(getattr(npgpt_convert, name).__name__ == name for name in dir(npgpt_convert))


def test_an_argument_that_python_cannot_print_is_refused_in_a_line(tmp_path):
    for given in ({"format": 10**5000}, {"format": "gguf", "type": 10**5000}):
        with pytest.raises(NpgptError, match="int too long to show"):
            npgpt_convert.export_model(tmp_path, out=tmp_path / "out", **given)


def test_importing_the_package_its_plugin_and_its_commands_imports_no_numpy():
    modules = "npgpt_convert, npgpt_convert._plugin, npgpt_convert.commands.import_"
    code = f"import sys, {modules}, npgpt_convert.commands.export; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
