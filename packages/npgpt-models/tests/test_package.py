"""What the package offers, and where its plugin says that it is."""

import subprocess
import sys

import npgpt_models
from npgpt_models import _plugin


def test_the_plugin_points_at_the_models():
    for name, model in {"gpt": npgpt_models.GPT, "llama": npgpt_models.Llama}.items():
        assert _plugin.npgpt_models()[name] == f"{model.__module__}:{model.__name__}"


def test_every_public_name_is_there():
    assert all(getattr(npgpt_models, name).__name__ == name for name in dir(npgpt_models))


def test_importing_the_package_and_its_plugin_imports_no_numpy():
    code = "import sys, npgpt_models, npgpt_models._plugin; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
