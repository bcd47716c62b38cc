"""The docstrings of both passes begin with the mathematics that ``npgpt explain`` shows."""

import inspect
import re

import pytest

import npgpt_core
from npgpt_core import CrossEntropy, Module, MultiHeadAttention

EXPORTED = [getattr(npgpt_core, name) for name in dir(npgpt_core)]
LAYERS = [
    found
    for found in EXPORTED
    if isinstance(found, type) and issubclass(found, Module) and found is not Module
]
BESIDE = re.compile(r"  # (d\S+ \+?= .+)$", re.MULTILINE)


def test_the_layers_are_found():
    assert {MultiHeadAttention, CrossEntropy} < set(LAYERS)
    assert len(LAYERS) >= 10


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
