"""Importing the package, its hooks and its registry imports no array."""

import subprocess
import sys

import pytest

import npgpt_core


@pytest.mark.parametrize(
    "statement",
    [
        "import npgpt_core",
        "import npgpt_core.plugins.hookspecs",
        "import npgpt_core.plugins.registry",
        "from npgpt_core import hookimpl, registry, NpgptError",
    ],
)
def test_imports_no_numpy(statement):
    code = f"import sys; {statement}; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_public_name_is_there():
    names = {
        "Module",
        "Linear",
        "CrossEntropy",
        "generate",
        "stream",
        "check_gradients",
        "registry",
    }
    assert names <= set(dir(npgpt_core))
    for name in dir(npgpt_core):
        part = getattr(npgpt_core, name)
        assert getattr(part, "__name__", name).rpartition(".")[2] == name


def test_a_star_imports_every_public_name():
    namespace = {}
    exec("from npgpt_core import *", namespace)
    assert namespace.keys() - {"__builtins__"} == set(dir(npgpt_core))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"'npgpt_core' has no attribute 'Liner'"):
        npgpt_core.Liner  # noqa: B018
