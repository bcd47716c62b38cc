"""The Python in the READMEs runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

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
