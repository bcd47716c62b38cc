"""A model of another program, made a run at step 0."""

from collections.abc import Callable, Mapping
from pathlib import Path

from npgpt_core.errors import NpgptError

FORMATS: Mapping[str, Callable[[Path], object]] = {}
"""Format -> what reads it."""


def import_model(source: str | Path, out: str | Path | None = None) -> Path:
    """Make a run of a model of another program.

    Args:
        source: a folder or a file.
        out: the run's folder.

    Raises:
        NpgptError: it is of no format that is known.
    """
    raise NpgptError(f"{source} is of none of the formats that can be imported: {list(FORMATS)}")
