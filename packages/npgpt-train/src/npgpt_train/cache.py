"""The folder where downloads and token files outlive a run."""

import os
import sys
from pathlib import Path

from npgpt_core.errors import NpgptError


def cache_dir() -> Path:
    """``$NPGPT_CACHE``, or the folder ``npgpt`` among the platform's caches; it may not exist yet.

    Raises:
        NpgptError: neither ``NPGPT_CACHE`` nor a home folder is known.
    """
    if chosen := os.environ.get("NPGPT_CACHE"):
        return Path(chosen)
    try:
        return _platform_caches() / "npgpt"
    except RuntimeError as error:
        raise NpgptError(
            "this user has no home folder for caches: set NPGPT_CACHE to a folder"
        ) from error


def _platform_caches() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
