"""JSON as the house writes and reads it."""

import json
from typing import Any

from npgpt_core.numbers import LIMIT

WIDTH = 100  # characters


def format_json(value: Any, *, width: int = WIDTH, indent: str = "") -> str:
    """JSON for people and for version control: what fits into a line stands in one.

    So does a list of plain values, however long; of anything else each item has its own line.
    ``indent`` is that of what it stands in.
    """
    line = json.dumps(value)
    if len(indent + line) <= width or not _nests(value):
        return line
    deeper = indent + " "
    if isinstance(value, dict):
        items = ((f"{json.dumps(str(key))}: ", item) for key, item in value.items())
    else:
        items = (("", item) for item in value)
    lines = [key + format_json(item, width=width, indent=deeper) for key, item in items]
    return f"{line[0]}\n{deeper}" + f",\n{deeper}".join(lines) + f"\n{indent}{line[-1]}"


def _nests(value: Any) -> bool:
    """Whether it is an object, or a list that holds objects or lists."""
    is_list = isinstance(value, (list, tuple))
    return isinstance(value, dict) or (
        is_list and any(isinstance(item, (dict, list, tuple)) for item in value)
    )


def parse_json(data: str | bytes) -> Any:
    """What JSON holds; raises ``ValueError`` for anything else, and for absurd whole numbers."""
    return json.loads(data, parse_int=_whole)


def json_value(value: Any) -> Any:
    """What JSON gives back of a value: of a tuple, a list.

    Raises:
        TypeError, ValueError: JSON cannot hold it.
    """
    return parse_json(json.dumps(value, allow_nan=False))


def _whole(digits: str) -> int:
    if len(digits) > 20 or not -LIMIT <= (number := int(digits)) < LIMIT:
        raise ValueError(f"a whole number of {len(digits)} digits")
    return number
