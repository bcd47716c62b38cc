"""What was found as JSON, for other programs."""

import json
from dataclasses import asdict, is_dataclass
from typing import Any

import click

from npgpt_core.errors import NpgptError


def print_json(found: Any) -> None:
    """JSON of dataclasses and plain values."""
    click.echo(json.dumps(found, default=_plain, indent=2))


def _plain(value: Any) -> Any:
    if isinstance(value, NpgptError):
        return {"problem": str(value)}
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
