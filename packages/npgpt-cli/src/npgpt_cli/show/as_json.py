"""What was found as JSON, for other programs."""

import json
import math
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

import click


def print_json(found: Any) -> None:
    """JSON in a line of dataclasses, arrays and plain values; what is not finite is null."""
    click.echo(json.dumps(_plain(found), allow_nan=False))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if hasattr(value, "tolist"):
        value = value.tolist()
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case float() if not math.isfinite(value):
            return None
        case PurePath():
            return str(value)
        case datetime():
            return value.isoformat()
    return value
