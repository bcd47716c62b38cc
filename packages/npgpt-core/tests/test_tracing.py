import numpy as np
import pytest

from npgpt_core import Linear, Module, ReLU
from npgpt_core.tracing import tracing


class Net(Module):
    def __init__(self):
        super().__init__()
        rng = np.random.default_rng(0)
        self.layers = [Linear(3, 4, rng=rng), ReLU()]
        self.head = Linear(4, 2, rng=rng)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.head(x)

    def backward(self, dy):
        dy = self.head.backward(dy)
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


def test_every_pass_is_told_in_the_order_in_which_it_ends():
    net, seen = Net(), []
    x = np.ones((5, 3), np.float32)
    with tracing(
        net,
        forward=lambda name, module, inputs, output: seen.append(("f", name, output.shape)),
        backward=lambda name, module, inputs, output: seen.append(("b", name, output.shape)),
    ):
        dx = net.backward(np.ones_like(net(x)))
    assert [entry[:2] for entry in seen] == [
        *[("f", "layers.0"), ("f", "layers.1"), ("f", "head"), ("f", "")],
        *[("b", "head"), ("b", "layers.1"), ("b", "layers.0"), ("b", "")],
    ]
    assert seen[0][2] == (5, 4)
    assert dx.shape == (5, 3)


def test_watching_changes_nothing_and_ends_with_the_block():
    net, x = Net(), np.ones((2, 3), np.float32)
    plain = net(x)
    with pytest.raises(ZeroDivisionError), tracing(net, forward=lambda *told: 1 / 0):
        net(x)
    assert "forward" not in vars(net)
    np.testing.assert_array_equal(net(x), plain)


def test_what_is_given_by_name_is_an_input_too():
    linear, seen = Linear(3, 2, rng=np.random.default_rng(0)), []
    x = np.ones((5, 3), np.float32)
    with tracing(linear, forward=lambda name, module, inputs, output: seen.append(inputs)):
        linear(x=x)
    assert [inputs[0] is x for inputs in seen] == [True]


def test_a_module_that_stands_in_several_places_has_its_first_name():
    net, seen = Net(), []
    net.layers = [net.layers[0], *3 * [net.layers[1]]]
    with tracing(net, forward=lambda name, *told: seen.append(name)):
        net(np.ones((2, 3), np.float32))
    assert seen == ["layers.0", *3 * ["layers.1"], "head", ""]
    assert "forward" not in vars(net.layers[1])
