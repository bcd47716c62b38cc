"""The Python in the READMEs runs, and the settings in them are settings."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from npgpt_cli.main import main
from npgpt_models import GPT
from npgpt_train.settings import parts
from npgpt_train.settings.choices import choose, read_config

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
READMES = [ROOT / "README.md", *sorted(ROOT.glob("packages/*/README.md"))]


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_code_of_a_readme_runs(readme, tmp_path):
    """All its blocks, one after the other, as a reader would type them."""
    code = "\n".join(BLOCK.findall(readme.read_text(encoding="utf-8")))
    (tmp_path / "play.txt").write_text("To be, or not to be.\n" * 200)
    command = [sys.executable, "-W", "error", "-c", code]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)


def test_the_config_file_of_the_readme_is_one(tmp_path):
    (text,) = re.findall(r"^```toml\n(.*?)^```", READMES[0].read_text("utf-8"), re.M | re.S)
    (tmp_path / "adamw.toml").write_text(text, "utf-8")
    settings = parts.resolve(choose(config=read_config(tmp_path / "adamw.toml")))
    assert settings.optimizer.options["weight_decay"] == 0.1
    assert settings.model.options["n_layer"] == 6
    assert settings.tokenizer.options["vocab_size"] == 1024
    assert settings.model.options["n_embd"] == GPT.presets["quick"]["n_embd"]


def test_the_commands_of_the_readme_are_there():
    text = READMES[0].read_text("utf-8")
    shown = set(re.findall(r"^(?:.*&& )?npgpt ([\w-]+)", text, re.M))
    assert {"train", "generate", "cache", "runs"} <= shown <= set(main.list_commands(None))
