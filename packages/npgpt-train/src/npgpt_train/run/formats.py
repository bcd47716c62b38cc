"""Files of several formats: each says its own by number, and each number has its reader."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from npgpt_core.errors import NpgptError, short_repr

T = TypeVar("T")


def read_format(
    content: Mapping[str, Any], readers: Mapping[int, Callable[[Mapping[str, Any]], T]], path: Path
) -> T:
    """What a file holds, read by the reader of its format.

    Args:
        content: what is in the file; its ``format`` says which reader can read it.
        readers: format -> reader, which raises ``NpgptError`` on what it cannot read.
        path: of the file, for messages.

    Raises:
        NpgptError: the file is damaged, or of a format that has no reader here.
    """
    number = content.get("format")
    if type(number) is not int or number not in readers:
        known = " and ".join(map(str, readers))
        raise NpgptError(f"{path} has format {short_repr(number)}, this npgpt reads {known}")
    try:
        return readers[number](content)
    except NpgptError as error:
        raise NpgptError(f"{path} is damaged: {error}") from error
