"""Contract checks of models: how a model is described and built, by name and from data alone."""

import dataclasses
import json
from typing import Any

import numpy as np

from npgpt_core.testing.checklist import (
    CheckList,
    must_raise,
    require,
    require_options_are_data,
    require_protocol,
)
from npgpt_core.testing.shared import require_float32
from npgpt_core.testing.small import (
    T,
    V,
    random_ids,
    small_config,
    small_model,
)

model_config = CheckList("model")


@model_config
def protocol(factory: Any) -> None:
    """It is a ``Module``, and every member of ``protocols.Model`` is there."""
    require_protocol("model", factory)


@model_config
def config_is_frozen_dataclass(factory: Any) -> None:
    """``Config`` is a frozen dataclass with at least ``vocab_size`` and ``block_size``."""
    config = small_config(factory)
    require(
        dataclasses.is_dataclass(config),
        f"Config gives {type(config).__name__}, expected a dataclass: @dataclass(frozen=True)",
    )
    names = {field.name for field in dataclasses.fields(config)}
    lacking = {"vocab_size", "block_size"} - names
    require(not lacking, f"Config lacks {sorted(lacking)}, which every run sets: add the fields")
    with must_raise(f"setting vocab_size of {config}", dataclasses.FrozenInstanceError):
        config.vocab_size = 1


@model_config
def config_is_data(factory: Any) -> None:
    """Other fields of ``Config`` have defaults that JSON can hold; all ``presets`` make one."""
    require_options_are_data("model", factory)
    config = small_config(factory)
    again = type(config)(**json.loads(json.dumps(dataclasses.asdict(config))))
    require(again == config, f"{config} became {again} by way of JSON: use JSON's own types")
    for options in ({}, *getattr(factory, "presets", {}).values()):
        factory.Config(vocab_size=V, block_size=T, **options)  # as npgpt train --model NAME does


@model_config
def config_kept(factory: Any) -> None:
    """The model keeps its config, unchanged, as ``config``."""
    config = small_config(factory)
    model = factory(config, rng=np.random.default_rng(0))
    kept = getattr(model, "config", None)
    require(kept == config, f"model.config is {kept}, expected {config}: self.config = config")


@model_config
def config_refuses(factory: Any) -> None:
    """A ``vocab_size`` or ``block_size`` that is no whole number above 0 is an ``NpgptError``."""
    for name in ("vocab_size", "block_size"):
        for value in (0, -3, 2.5, "7", None):
            with must_raise(f"{name}={value!r}", naming=name):
                small_config(factory, **{name: value})


@model_config
def float32_throughout(factory: Any) -> None:
    """Parameters, gradients, logits and kept values are float32 unless told otherwise."""
    require_float32(factory(small_config(factory), rng=np.random.default_rng(0)), random_ids())


@model_config
def float64_on_request(factory: Any) -> None:
    """With ``dtype=np.float64`` parameters and logits are float64: gradients can be checked."""
    model = small_model(factory, dtype=np.float64)
    for name, array in {**model.parameters(), "logits": model.forward(random_ids())}.items():
        require(
            array.dtype == np.float64,
            f"{name!r} is {array.dtype}, expected float64: give every layer the dtype",
        )


@model_config
def same_seed_same_weights(factory: Any) -> None:
    """Equal generators give equal weights, different ones different weights."""
    one, same, other = (small_model(factory, seed=seed).state_dict() for seed in (5, 5, 6))
    for name, array in one.items():
        require(
            np.array_equal(array, same[name]),
            f"{name!r} differs between two models of one seed: draw from the rng that is given",
        )
    require(
        any(not np.array_equal(array, other[name]) for name, array in one.items()),
        "models of different seeds have the same weights: draw from the rng that is given",
    )
