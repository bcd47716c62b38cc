"""What ``run.json`` holds beside the settings and the parts, and when it is damaged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FORMAT = 1
KEEP = 3  # checkpoints beside the best
ON_NAN = ("stop", "skip")
TEXTS = ("preset", "init_from", "tokenizer_sha256", "encoding_sha256", "on_nan")


def damage(record: Mapping[str, Any]) -> str | None:
    """What of a record is not as ``Run.create`` wrote it, or None; settings and parts apart."""
    data = record.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("sha256"), str):
        return "data has no sha256"
    numbers = {name: record.get(name) for name in ("vocab_size", "parameters", "ranks")}
    numbers["data.characters"] = data.get("characters")
    numbers["keep"] = record.get("keep", 1)
    for name, value in numbers.items():
        if type(value) is not int or not 1 <= value < 2**53:
            return f"{name} is {value!r:.40}, expected a whole number of at least 1"
    texts = {name: record.get(name, "") for name in TEXTS}
    texts["data.folder"] = data.get("folder", "")
    for name, value in texts.items():
        if not isinstance(value, str):
            return f"{name} is {value!r:.40}, expected a text"
    if record.get("on_nan", "stop") not in ON_NAN:
        return f"on_nan is {record['on_nan']!r:.40}, expected one of {', '.join(ON_NAN)}"
    return None
