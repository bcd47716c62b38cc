"""Every layer is exported, shows its mathematics, and has a case in which it keeps the contract."""

import importlib
import inspect
import pkgutil
import re

import pytest

import npgpt_core
from npgpt_core import Module, MultiHeadAttention, layers
from npgpt_core.testing import layer_checks
from npgpt_core.testing.layers.cases import layer_cases

FILES = [f"npgpt_core.layers.{info.name}" for info in pkgutil.iter_modules(layers.__path__)]
DEFINED = [
    found
    for module in map(importlib.import_module, [*FILES, "npgpt_core.losses"])
    for found in vars(module).values()
    if isinstance(found, type) and found.__module__ == module.__name__
]
EXPORTED = [getattr(npgpt_core, name) for name in dir(npgpt_core)]
LAYERS = [
    found
    for found in EXPORTED
    if isinstance(found, type) and issubclass(found, Module) and found is not Module
]
BESIDE = re.compile(r"  # (d\S+ \+?= .+)$", re.MULTILINE)


@pytest.mark.parametrize("layer", DEFINED)
def test_every_layer_is_exported(layer):
    assert layer in EXPORTED


@pytest.mark.parametrize("layer", LAYERS)
def test_the_first_line_of_a_class_is_a_formula(layer):
    assert re.match(r"(y\S*|loss) = \S", layer.__doc__)


@pytest.mark.parametrize("layer", LAYERS)
def test_the_first_line_of_backward_is_a_formula(layer):
    first = layer.backward.__doc__.partition("\n")[0]
    assert re.search(r"\bd\S+ \+?= ", first), first
    for formula in BESIDE.findall(inspect.getsource(layer.backward)):
        assert formula in first


def test_the_formula_of_attention_shows_the_causal_mask():
    assert "q kᵀ / √D + M" in MultiHeadAttention.__doc__
    assert "M = -∞ where s > t" in MultiHeadAttention.__doc__.partition("\n")[0]


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_has_a_case_of_its_name(layer):
    module, _ = layer_cases()[layer.__name__]()
    assert layer in {type(below) for _, below in module.named_modules()}


@pytest.mark.parametrize("check_id", dict(layer_checks()))
@pytest.mark.parametrize("name", layer_cases())
def test_every_case_keeps_the_contract(name, check_id):
    dict(layer_checks())[check_id](layer_cases()[name])
