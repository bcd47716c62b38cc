"""Text that a command is given: on standard input, or in a file."""

import sys
from contextlib import nullcontext
from pathlib import Path

from npgpt_core.errors import NpgptError

MAX_BYTES = 2**28  # bytes: a stream such as /dev/zero never ends


def read_input(path: Path | None = None) -> str:
    """All of a file, or of standard input, line ends as they are.

    Raises:
        NpgptError: it is closed, cannot be read, is longer than ``MAX_BYTES``, or no UTF-8 text.
    """
    name = "standard input" if path is None else str(path)
    if path is None and sys.stdin is None:
        raise NpgptError("standard input is closed: give the text as an argument")
    try:
        with nullcontext(sys.stdin.buffer) if path is None else path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise NpgptError(f"cannot read {name}: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise NpgptError(f"{name} has more than {MAX_BYTES:,} bytes: give a part of it")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NpgptError(f"{name} is not UTF-8 text: {error}") from error
