"""Each layer check can fail: for every id, a layer that is broken in one place."""

import numpy as np
import pytest

from npgpt_core import Linear, Module
from npgpt_core.functional import rows
from npgpt_core.testing import layer_checks, parametrize_with_checks

CHECKS = dict(layer_checks())


class Affine(Linear):
    """A right layer, to be broken in one place at a time."""

    def __init__(self, rng, dtype):
        super().__init__(4, 3, rng=rng, dtype=dtype)


def factory(layer):
    return lambda rng, dtype: (layer(rng, dtype), rng.normal(size=(2, 5, 4)).astype(dtype))


class WrongSign(Affine):
    def backward(self, dy):
        return -super().backward(dy)


class TransposedGradient(Affine):
    def grads(self):
        return {**super().grads(), "weight": self.dweight.T}


class Overwrites(Affine):
    def backward(self, dy):
        dx = super().backward(dy)
        self.dbias[...] = rows(dy).sum(axis=0)
        return dx


class ScalesInput(Affine):
    def forward(self, x):
        x *= 1.0001
        return super().forward(x)


class ScalesOutputGradient(Affine):
    def backward(self, dy):
        dx = super().backward(dy)
        dy *= 2
        return dx


class ScalesOutput(Affine):
    def forward(self, x):
        self.y = super().forward(x)
        return self.y

    def backward(self, dy):
        self.y *= 2
        return super().backward(dy)


class Careless(Module):
    """Keeps its input itself, in whatever mode, and as long as it lives."""

    x = 0.0

    def __init__(self, rng, dtype):
        super().__init__()

    def forward(self, x):
        self.x = x
        return x * x

    def backward(self, dy):
        return 2 * dy * self.x


class DrawsForItself(Affine):
    def forward(self, x):
        return super().forward(x) * np.random.default_rng().uniform()


class DrawsInEvaluation(Affine):
    def __init__(self, rng, dtype):
        super().__init__(rng, dtype)
        self.rng = rng

    def forward(self, x):
        return super().forward(x) * self.rng.uniform()


class BiasIsFloat64(Affine):
    def __init__(self, rng, dtype):
        super().__init__(rng, np.float64)


BROKEN = {
    "gradients": WrongSign,
    "gradients-beside-parameters": TransposedGradient,
    "gradients-accumulate": Overwrites,
    "input-unchanged": ScalesInput,
    "output-gradient-unchanged": ScalesOutputGradient,
    "backward-needs-forward": Careless,
    "backward-once": Careless,
    "eval-keeps-nothing": Careless,
    "deterministic": DrawsForItself,
    "float32-stays-float32": BiasIsFloat64,
}


@parametrize_with_checks("layer", factory(Affine))
def test_a_right_layer_passes(check):
    check()


@pytest.mark.parametrize("check_id", BROKEN)
def test_a_broken_layer_fails(check_id):
    with pytest.raises(AssertionError, match=f"layer check {check_id}: .{{20}}"):
        CHECKS[check_id](factory(BROKEN[check_id]))


def test_every_check_has_its_broken_layer():
    assert set(BROKEN) == set(CHECKS)


def test_noise_in_evaluation_mode_is_found():
    with pytest.raises(AssertionError, match="two forward passes in evaluation mode differ"):
        CHECKS["deterministic"](factory(DrawsInEvaluation))


def test_an_output_that_backward_writes_into_is_found():
    with pytest.raises(AssertionError, match="y was written into, but it belongs to the caller"):
        CHECKS["output-gradient-unchanged"](factory(ScalesOutput))
