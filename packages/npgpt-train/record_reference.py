"""Record finished runs of presets as reference curves: ``python record_reference.py RUN...``.

An entry of the same preset, tokenizer and text is replaced.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from npgpt_train.run.folder import Run
from npgpt_train.run.reference import entry_of

PATH = Path(__file__).parent / "src/npgpt_train/reference.json"
KEY = ("preset", "tokenizer", "sha256")


def main(folders: list[str]) -> None:
    """Add the runs to the file."""
    entries = json.loads(PATH.read_text()) if PATH.exists() else []
    for entry in map(entry_of, map(Run.open, folders)):
        entries = [e for e in entries if any(e[key] != entry[key] for key in KEY)] + [entry]
    entries.sort(key=lambda entry: [entry[key] for key in KEY])
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    PATH.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
