"""Record finished runs of presets as reference curves: ``python record_reference.py RUN...``.

An entry of the same preset, model, tokenizer and text is replaced.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from npgpt_train.run.folder import Run
from npgpt_train.run.reference import entry_of

PATH = Path(__file__).parent / "src/npgpt_train/reference.json"


def main(folders: list[str]) -> None:
    """Add the runs to the file."""
    entries = json.loads(PATH.read_text()) if PATH.exists() else []
    for entry in map(entry_of, map(Run.open, folders)):
        entries = [e for e in entries if _key(e) != _key(entry)] + [entry]
    entries.sort(key=_key)
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    PATH.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def _key(entry: Mapping[str, Any]) -> tuple[str, ...]:
    model = entry["settings"]["model"]["name"]
    return entry["preset"], model, entry["tokenizer"], entry["sha256"]


if __name__ == "__main__":
    main(sys.argv[1:])
