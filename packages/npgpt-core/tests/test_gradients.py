"""The checker itself: it must pass what is right, find what is wrong and leave no trace."""

import numpy as np
import pytest

from npgpt_core import Dropout, LayerNorm, Linear, Module, NpgptError, ReLU
from npgpt_core.functional import rows
from npgpt_core.testing import check_gradients, gradient_errors, numerical_gradient

N_IN, N_OUT = 4, 3


class Affine(Linear):
    """A right layer, to be made wrong in one place at a time."""

    def __init__(self):
        super().__init__(N_IN, N_OUT, rng=np.random.default_rng(0), dtype=np.float64)

    def backward(self, dy):
        x = self.take()
        self.add(rows(x), rows(dy))
        return self.dx(dy)

    def add(self, x, dy):
        self.dweight += x.T @ dy
        self.dbias += dy.sum(axis=0)

    def dx(self, dy):
        return dy @ self.weight.T


class WrongSign(Affine):
    def dx(self, dy):
        return -super().dx(dy)


class SlightlyWrong(Affine):
    def dx(self, dy):
        return 1.0001 * super().dx(dy)


class MissingTerm(Affine):
    def add(self, x, dy):
        super().add(x[1:], dy[1:])


class NoBias(Affine):
    def add(self, x, dy):
        self.dweight += x.T @ dy


class NaNBias(Affine):
    def add(self, x, dy):
        super().add(x, dy)
        self.dbias[1] = np.nan


class WrongShape(Affine):
    def dx(self, dy):
        return super().dx(dy)[0]


class Overwriting(Affine):
    def add(self, x, dy):
        self.dweight += x.T @ dy
        self.dbias[...] = dy.sum(axis=0)


@pytest.fixture
def x():
    return np.random.default_rng(1).normal(size=(2, 5, N_IN))


def test_numerical_gradient_of_known_functions():
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    before = x.copy()
    np.testing.assert_allclose(numerical_gradient(lambda: (x**3).sum(), x), 3 * x**2, rtol=1e-8)
    np.testing.assert_allclose(numerical_gradient(lambda: np.exp(x[0]).sum(), x)[1], 0)
    np.testing.assert_array_equal(x, before)


def test_numerical_gradient_restores_its_array_after_an_error():
    x = np.ones(3)

    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        numerical_gradient(fail, x)
    np.testing.assert_array_equal(x, 1)


def test_a_right_layer_passes_and_every_array_is_reported(x):
    checks = check_gradients(Affine(), x)
    assert {check.name: check.coordinates for check in checks} == {
        "x": x.size,
        "weight": N_IN * N_OUT,
        "bias": N_OUT,
    }
    assert [check.error for check in checks] == sorted((c.error for c in checks), reverse=True)


@pytest.mark.parametrize(
    ("layer", "worst"),
    [
        (WrongSign, "x"),
        (SlightlyWrong, "x"),
        (MissingTerm, r"(weight|bias)"),
        (NoBias, "bias"),
        (NaNBias, "bias"),
    ],
)
def test_a_wrong_gradient_is_found_and_named(layer, worst, x):
    with pytest.raises(AssertionError, match=rf"{layer.__name__}: the gradient of {worst} is off"):
        check_gradients(layer(), x)


def test_a_gradient_that_overwrites_instead_of_adding_is_found(x):
    with pytest.raises(AssertionError, match="the gradient of bias is off"):
        check_gradients(Overwriting(), x)


def test_a_gradient_of_the_wrong_shape_is_found(x):
    with pytest.raises(AssertionError, match=r"gradient of x has shape \(5, 4\), not \(2, 5, 4\)"):
        check_gradients(WrongShape(), x)


def test_the_error_is_relative_to_both_norms(x):
    errors = {check.name: check.error for check in gradient_errors(SlightlyWrong(), x)}
    assert errors["x"] == pytest.approx(0.5e-4, rel=1e-3)
    assert errors["weight"] < 1e-9
    assert check_gradients(SlightlyWrong(), x, tolerance=1e-3)


def test_few_coordinates_are_a_random_choice(x):
    checks = check_gradients(Affine(), x, coordinates=5)
    assert {check.name: check.coordinates for check in checks}["x"] == 5


def test_a_coordinate_on_a_kink_is_drawn_again():
    x = np.array([0.0, 1.0, -1.0, 2.0, 0.0, 3.0, -2.0])
    (check,) = check_gradients(ReLU(), x)
    assert check.coordinates == 5


def test_nothing_but_kinks_is_an_error():
    with pytest.raises(AssertionError, match="x: 6 numbers sit on a kink"):
        check_gradients(ReLU(), np.zeros((2, 3)))


def test_kinks_do_not_hide_a_wrong_gradient():
    class LeakyBackward(ReLU):
        def backward(self, dy):
            return dy * np.where(self.take() > 0, 1, 0.1)

    with pytest.raises(AssertionError, match="the gradient of x is off"):
        check_gradients(LeakyBackward(), np.random.default_rng(0).normal(size=20))


@pytest.mark.parametrize("layer", [Affine, WrongSign])
def test_parameters_input_and_gradients_are_restored(layer, x):
    layer = layer()
    layer(x)
    layer.backward(np.ones_like(layer.forward(x)))
    grads_before = {name: grad.copy() for name, grad in layer.grads().items()}
    before, x_before = layer.state_dict(), x.copy()
    gradient_errors(layer, x)
    np.testing.assert_array_equal(x, x_before)
    for name, array in layer.parameters().items():
        np.testing.assert_array_equal(array, before[name])
        np.testing.assert_array_equal(layer.grads()[name], grads_before[name])


def test_the_same_seed_gives_the_same_errors(x):
    assert gradient_errors(Affine(), x, seed=3) == gradient_errors(Affine(), x, seed=3)


def test_dropout_draws_the_same_mask_throughout():
    layer = Dropout(0.5, rng=np.random.default_rng(0))
    check_gradients(layer, np.random.default_rng(0).normal(size=(2, 4, 6)))


def test_a_layer_in_evaluation_mode_is_checked_in_training_mode(x):
    check_gradients(Affine().eval(), x)


def test_float32_is_refused():
    with pytest.raises(NpgptError, match="gamma is float32, expected float64"):
        check_gradients(LayerNorm(4), np.ones((2, 4)))
    with pytest.raises(NpgptError, match="type float32, expected some float64"):
        check_gradients(Affine(), np.ones((2, 4), np.float32))


def test_an_input_that_the_layer_does_not_take_is_told_by_its_name():
    layer = Linear(3, 2, rng=np.random.default_rng(0), dtype=np.float64)
    with pytest.raises(NpgptError, match=r"Linear\(3, 2\): x is \(2, 4\), expected \(..., 3\)"):
        check_gradients(layer, np.ones((2, 4)))
    with pytest.raises(NpgptError, match="x is a list, expected an array of float64 or ids"):
        check_gradients(layer, [[1.0, 2.0, 3.0]])


class Power(Module):
    """y = sign(x) |x|ᵖ: one learned number, and no kink away from 0."""

    def __init__(self):
        super().__init__()
        self.parameter("p", 1.5, np.float64)

    def forward(self, x):
        self.keep(x)
        return np.sign(x) * np.abs(x) ** self.p

    def backward(self, dy):
        x = self.take()
        magnitude = np.abs(x)
        self.dp += (dy * np.sign(x) * magnitude**self.p * np.log(magnitude)).sum()
        return dy * self.p * magnitude ** (self.p - 1)


def test_curvature_is_no_kink_and_a_parameter_may_be_a_single_number():
    x = np.random.default_rng(0).uniform(0.5, 2, size=(5, 4))
    checks = check_gradients(Power(), x)
    assert {check.name: check.coordinates for check in checks} == {"x": 20, "p": 1}


class Wave(Module):
    """y = sin(kx) / k: where k is large, one step of the difference already feels the bend."""

    K = 1000

    def forward(self, x):
        self.keep(x)
        return np.sin(self.K * x) / self.K

    def backward(self, dy):
        return dy * np.cos(self.K * self.take())


def test_a_steep_curve_does_not_make_a_right_layer_wrong():
    x = np.random.default_rng(0).normal(size=(5, 4))
    (check,) = check_gradients(Wave(), x)
    assert check.coordinates == 20
