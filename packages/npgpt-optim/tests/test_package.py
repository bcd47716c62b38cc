"""What the package offers, and where its plugin says that it is."""

import importlib
import subprocess
import sys

import pytest

import npgpt_core
import npgpt_optim
from npgpt_optim import _plugin

PARTS = {**_plugin.npgpt_optimizers(), **_plugin.npgpt_schedules()}


@pytest.mark.parametrize("target", PARTS.values(), ids=PARTS)
def test_the_plugin_points_at_public_names(target):
    module, name = target.split(":")
    assert getattr(importlib.import_module(module), name) is getattr(npgpt_optim, name)


def test_clipping_is_offered_beside_the_optimizers():
    assert npgpt_optim.clip_grad_norm is npgpt_core.clip_grad_norm


def test_every_public_name_is_there():
    assert all(getattr(npgpt_optim, name).__name__ == name for name in dir(npgpt_optim))


def test_importing_the_package_and_its_plugin_imports_no_numpy():
    code = "import sys, npgpt_optim, npgpt_optim._plugin; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
