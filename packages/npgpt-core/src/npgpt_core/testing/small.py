"""Small models of any class: what gradient checks and contract checks are made on."""

import inspect
from typing import Any

import numpy as np
import numpy.typing as npt

from npgpt_core.errors import NpgptError
from npgpt_core.module import Module
from npgpt_core.types import Ids

B, T, C, H, V = 2, 7, 12, 3, 11
"""The shape of all examples: T differs from the head size C / H = 4, so that a transposed gradient
cannot pass for a right one."""

LONG = 130
"""A context long enough that a model which goes through it in blocks has to."""

SMALL = {"n_layer": 2, "n_head": H, "n_kv_head": 1, "n_embd": C}
"""Config fields by which a model is made small, where it has them."""


def small_config(model_class: Any, **fields: Any) -> Any:
    """A config with as few numbers as it allows; ``fields`` that it does not have are left out."""
    known = inspect.signature(model_class.Config).parameters
    given = {"vocab_size": V, "block_size": T + 1}
    given |= {name: value for name, value in fields.items() if name in known}
    small = {name: value for name, value in SMALL.items() if name in known}
    try:
        return model_class.Config(**small | given)
    except NpgptError:  # sizes of its own may not go with these
        return model_class.Config(**given)


def small_model(
    model_class: Any,
    *,
    seed: int = 0,
    dtype: npt.DTypeLike = np.float64,
    dropout: float = 0.0,
    block_size: int = T + 1,
) -> Module:
    """A model of that config. In float64 it is as precise as the checks of its mathematics need."""
    config = small_config(model_class, dropout=dropout, block_size=block_size)
    return model_class(config, rng=np.random.default_rng(seed), dtype=dtype)


def randomized_model(model_class: Any, *, training: bool = True, **options: Any) -> Module:
    """A small model with ``randomize``ed parameters."""
    model = small_model(model_class, **options)
    if not training:
        model.eval()
    return randomize(model)


def randomize(model: Module) -> Module:
    """Make all parameters random and large enough for every path to count; gives the model."""
    rng = np.random.default_rng(1)
    for array in model.parameters().values():
        array[...] = rng.normal(0, 0.5, array.shape)
    return model


def random_ids(*shape: int, seed: int = 0) -> Ids:
    """Ids below V, of shape (B, T) unless another is given."""
    return np.random.default_rng(seed).integers(0, V, shape or (B, T))
