"""Text that a command is given: on standard input, or in a file."""

import sys
from pathlib import Path
from typing import BinaryIO

from npgpt_core.errors import NpgptError

MAX_BYTES = 2**28  # bytes: a stream such as /dev/zero never ends


def read_standard_input() -> str:
    """All of standard input, line ends as they are.

    Raises:
        NpgptError: it is closed, cannot be read, is longer than ``MAX_BYTES``, or no UTF-8 text.
    """
    if sys.stdin is None:
        raise NpgptError("standard input is closed: give the text as an argument")
    try:
        return _text(sys.stdin.buffer, "standard input")
    except OSError as error:
        raise NpgptError(f"cannot read standard input: {error.strerror}") from error


def read_text_file(path: Path) -> str:
    """All of a file, line ends as they are.

    Raises:
        NpgptError: it cannot be read, is longer than ``MAX_BYTES``, or no UTF-8 text.
    """
    try:
        with path.open("rb") as file:
            return _text(file, str(path))
    except OSError as error:
        raise NpgptError(f"cannot read {path}: {error.strerror}") from error


def _text(file: BinaryIO, name: str) -> str:
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise NpgptError(f"{name} has more than {MAX_BYTES:,} bytes: give a part of it")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NpgptError(f"{name} is not UTF-8 text: {error}") from error
