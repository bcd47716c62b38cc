"""The docstring of ``backward`` says the mathematics that stands beside its lines."""

import inspect
import re

import pytest

from npgpt_core.layers.activation import GELU, ReLU, Softmax
from npgpt_core.layers.attention import MultiHeadAttention
from npgpt_core.layers.dropout import Dropout
from npgpt_core.layers.embedding import Embedding
from npgpt_core.layers.layernorm import LayerNorm
from npgpt_core.layers.linear import Linear
from npgpt_core.losses import CrossEntropy

LAYERS = [ReLU, GELU, Softmax, Dropout, Embedding, LayerNorm, Linear, MultiHeadAttention]
BESIDE = re.compile(r"  # (d\S+ \+?= .+)$", re.MULTILINE)


@pytest.mark.parametrize("layer", [*LAYERS, CrossEntropy])
def test_the_first_line_is_a_formula(layer):
    first = layer.backward.__doc__.partition("\n")[0]
    assert re.search(r"\bd\S+ \+?= ", first), first
    for formula in BESIDE.findall(inspect.getsource(layer.backward)):
        assert formula in first
