"""A run, written as another program reads it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from npgpt_core.errors import NpgptError

FORMATS: Mapping[str, Callable[..., object]] = {}
"""Format -> what writes it."""


def export_model(run: str | Path, format: str, out: str | Path) -> Path:
    """Write a run in a format of another program.

    Args:
        run: its folder.
        format: a name of ``FORMATS``.
        out: the folder or file to make.

    Raises:
        NpgptError: there is no such format.
    """
    raise NpgptError(f"there is no format {format!r}; there are {list(FORMATS)}")
