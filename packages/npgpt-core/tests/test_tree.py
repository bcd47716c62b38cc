"""``repr`` of a module: the tree, what is equal in a list once."""

import numpy as np

from npgpt_core import FeedForward, LayerNorm, Linear, Module, ReLU

RNG = np.random.default_rng(0)


class Net(Module):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = list(blocks)
        self.parts = {"norm": LayerNorm(4), "act": ReLU()}
        self.parameter("scale", np.ones(1000))

    def forward(self, x):
        return x

    def backward(self, dy):
        return dy


def test_equal_blocks_are_shown_once():
    net = Net(FeedForward(4, rng=RNG), FeedForward(4, rng=RNG))
    assert repr(net).splitlines() == [
        "Net                             1,304  parameters: scale (1000,)",
        "  blocks: 2 x FeedForward(4)  2 x 148",
        "    expand: Linear(4, 16)          80  weight (4, 16), bias (16,)",
        "    activation: ReLU",
        "    proj: Linear(16, 4)            68  weight (16, 4), bias (4,)",
        "  parts.norm: LayerNorm(4)          8  gamma (4,), beta (4,)",
        "  parts.act: ReLU",
    ]


def test_blocks_that_differ_are_all_shown():
    lines = repr(Net(Linear(4, 4, rng=RNG), Linear(4, 5, rng=RNG), ReLU())).splitlines()
    assert [line.split()[:2] for line in lines[1:4]] == [
        ["blocks.0:", "Linear(4,"],
        ["blocks.1:", "Linear(4,"],
        ["blocks.2:", "ReLU"],
    ]


def test_a_layer_alone():
    assert repr(Linear(3, 2, rng=RNG)) == "Linear(3, 2)  8  parameters: weight (3, 2), bias (2,)"
    assert repr(ReLU()) == "ReLU  0  parameters"
