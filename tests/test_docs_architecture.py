"""The Python in docs/ARCHITECTURE.md runs."""

import re
import subprocess
import sys
from pathlib import Path

DOCUMENT = Path(__file__).parents[1] / "docs" / "ARCHITECTURE.md"


def test_the_code_runs(tmp_path):
    blocks = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text("utf-8"), re.M | re.S)
    assert blocks
    command = [sys.executable, "-W", "error", "-c", "\n".join(blocks)]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
