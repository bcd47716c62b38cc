"""A model's folder, written."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from npgpt_convert.foreign import ForeignModel, Tensor
from npgpt_convert.formats.huggingface.reader import CONFIG, WEIGHTS
from npgpt_core.types import Array
from npgpt_train.machine.arrays_file import Later, write_arrays
from npgpt_train.machine.disk import Folder

ABOUT = {"format": "pt"}  # without it, transformers refuses the file


def write_model(folder: Folder, model: ForeignModel) -> None:
    """Write configuration and weights, float32, one tensor after the other.

    Raises:
        OSError: the disk does not take them.
    """
    folder.replace_json(CONFIG, {**model.metadata, "torch_dtype": "float32"})
    with folder.create(WEIGHTS) as file:
        write_arrays(file, {name: _later(tensor) for name, tensor in model.tensors.items()}, ABOUT)


def _later(tensor: Tensor) -> Later:
    return Later(np.dtype(np.float32), tensor.shape, partial(_single, tensor))


def _single(tensor: Tensor) -> Array:
    return tensor.read().astype(np.float32, copy=False)


def write_tokenizer(folder: Folder, tokenizer: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """Write what AutoTokenizer opens: the tokenizer, and what the file beside it says.

    Raises:
        OSError: the disk does not take them.
    """
    folder.replace_json("tokenizer.json", tokenizer)
    folder.replace_json("tokenizer_config.json", about)
