"""Where the first number that is not finite comes from, on the way there or back."""

import numpy as np
import pytest

from npgpt_core import Module
from npgpt_train.loop.diagnosis import first_not_finite


class Layer(Module):
    """y = x and dx = dy, but for the place that is sick."""

    def __init__(self, sick=None):
        super().__init__()
        self.sick = sick
        self.parameter("w", np.ones(2))
        if sick == "parameter":
            self.w[1] = np.nan

    def forward(self, x):
        return x * np.inf if self.sick == "output" else x

    def backward(self, dy):
        self.dw += np.inf if self.sick == "own gradient" else 1
        return dy * np.nan if self.sick == "gradient" else dy


class Three(Module):
    def __init__(self, *sick):
        super().__init__()
        self.a, self.b, self.c = (Layer(each) for each in sick)

    def forward(self, x):
        return self.c(self.b(self.a(x)))

    def backward(self, dy):
        return self.a.backward(self.b.backward(self.c.backward(dy)))


@pytest.mark.parametrize(
    ("sick", "where"),
    [
        ((None, None, None), None),
        ((None, "parameter", None), "the parameter b.w"),
        (("output", None, "parameter"), "the parameter c.w"),
        (("output", None, None), "the output of a (Layer)"),
        ((None, "output", None), "the output of b (Layer)"),
        ((None, "output", "output"), "the output of b (Layer)"),
        (("output", None, "gradient"), "the output of a (Layer)"),
        ((None, None, "gradient"), "the gradient of c (Layer)"),
        (("gradient", "gradient", None), "the gradient of b (Layer)"),
        ((None, "own gradient", None), "the gradient of b.w"),
        (("own gradient", "gradient", None), "the gradient of b (Layer)"),
    ],
)
def test_the_first_place_is_told(sick, where):
    model = Three(*sick)

    def work():
        model(np.ones(3))
        model.backward(np.ones(3))

    with np.errstate(all="ignore"):
        assert first_not_finite(model, work) == where


def test_the_model_itself_is_a_place():
    model = Layer("output")
    assert first_not_finite(model, lambda: model(np.ones(3))) == "the output of the model (Layer)"
