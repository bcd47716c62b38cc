"""A model's folder, read: its configuration, and tensors from one file or from several."""

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from npgpt_convert.files import is_there, place, read_object
from npgpt_convert.foreign import ForeignModel, Tensor
from npgpt_convert.formats.huggingface.safetensors_file import read_tensors
from npgpt_core.errors import NpgptError, short_repr

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = f"{WEIGHTS}.index.json"
MAX_SIZE = 16 * 2**20  # bytes of JSON
NEEDS = {"auto_map": "code of its own", "quantization_config": "quantized matrices"}
"""What config.json says of a model that is not what its type says."""


def read_model(folder: Path) -> ForeignModel:
    """The model of a folder; of its tensors only shapes are read yet.

    Raises:
        NpgptError: a file is missing or damaged, or the model needs what is not supported.
    """
    config = read_object(folder / CONFIG, MAX_SIZE)
    for key, what in NEEDS.items():
        if config.get(key):
            raise NpgptError(f"{folder / CONFIG} has {key}: {what} is not supported")
    return ForeignModel("huggingface", config, _tensors(folder))


def _tensors(folder: Path) -> dict[str, Tensor]:
    if is_there(folder / WEIGHTS):
        return read_tensors(*place(folder / WEIGHTS))
    if is_there(folder / INDEX):
        return _of_several(folder, read_object(folder / INDEX, MAX_SIZE))
    raise NpgptError(
        f"{folder} has neither {WEIGHTS} nor {INDEX}; other files of weights, which can hold code,"
        " are never opened: save the model with transformers, which writes safetensors"
    )


def _of_several(folder: Path, index: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors that an index names, each from its file in this folder."""
    files = index.get("weight_map")
    if not isinstance(files, dict) or not all(_is_shard(name) for name in files.values()):
        raise NpgptError(f"{folder / INDEX} is damaged: expected the files of tensors beside it")
    there = {file: read_tensors(*place(folder / file)) for file in sorted(set(files.values()))}
    for name, file in files.items():
        if name not in there[file]:
            raise NpgptError(
                f"{folder / file} has no tensor {short_repr(name, 100)}, which {INDEX} names"
            )
    return {name: there[file][name] for name, file in files.items()}


def _is_shard(name: Any) -> bool:
    """Whether it is the bare name of a file, which leads nowhere else."""
    is_text = isinstance(name, str) and name.endswith(".safetensors") and "\\" not in name
    return is_text and PurePath(name).name == name
