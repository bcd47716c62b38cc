"""Reading the files of other programs: whole, and of a bounded size."""

import os
from pathlib import Path
from typing import Any

from npgpt_train.machine.disk import Folder


def read_file(path: Path, limit: int) -> bytes:
    """The bytes of a file; a link is followed, because Hugging Face's cache is made of links.

    Raises:
        NpgptError: it is no regular file, cannot be read, or has more than ``limit`` bytes.
    """
    real = Path(os.path.realpath(path))
    return Folder(real.parent).read(real.name, limit)


def read_object(path: Path, limit: int) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        NpgptError: as ``read_file``, or it holds something else.
    """
    real = Path(os.path.realpath(path))
    return Folder(real.parent).read_json(real.name, limit)
