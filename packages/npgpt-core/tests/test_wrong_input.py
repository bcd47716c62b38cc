"""A wrong input is told in one sentence: the layer and its sizes, what came, what was expected."""

import re

import numpy as np
import pytest

from npgpt_core import (
    GELU,
    CrossEntropy,
    Dropout,
    Embedding,
    FeedForward,
    GroupedQueryAttention,
    LayerNorm,
    Linear,
    Module,
    MultiHeadAttention,
    NpgptError,
    ReLU,
    RMSNorm,
    Softmax,
    SwiGLU,
)

RNG = np.random.default_rng(0)


def ones(*shape):
    return np.ones(shape, np.float32)


def linear():
    return Linear(3, 2, rng=RNG)


def attention():
    return MultiHeadAttention(8, 2, rng=RNG)


def grouped():
    return GroupedQueryAttention(8, 2, 1, rng=RNG)


def embedding():
    return Embedding(5, 8, rng=RNG)


@pytest.mark.parametrize(
    ("make", "inputs", "expected"),
    [
        (linear, [ones(4, 5)], "Linear(3, 2): x is (4, 5), expected (..., 3)"),
        (linear, [ones()], "Linear(3, 2): x is (), expected (..., 3)"),
        (linear, [[[1, 2, 3]]], "Linear(3, 2): x is a list, expected an array (..., 3)"),
        (linear, [np.array(["abc"] * 3)], "Linear(3, 2): x is <U3, expected floating-point"),
        (attention, [ones(4, 8)], "MultiHeadAttention(8, 2): x is (4, 8), expected (B, T, 8)"),
        (
            attention,
            [ones(1, 4, 7)],
            "MultiHeadAttention(8, 2): x is (1, 4, 7), expected (B, T, 8)",
        ),
        (grouped, [ones(1, 4, 7)], "GroupedQueryAttention(8, 2, 1, 4): x is (1, 4, 7), expected"),
        (grouped, [ones(4, 8)], "x is (4, 8), expected (B, T, 8)"),
        (lambda: RMSNorm(8), [ones(4, 1)], "RMSNorm(8): x is (4, 1), expected (..., 8)"),
        (lambda: SwiGLU(8, 9, rng=RNG), [ones(4, 5)], "SwiGLU(8, 9): x is (4, 5), expected (..."),
        (lambda: LayerNorm(8), [ones(4, 7)], "LayerNorm(8): x is (4, 7), expected (..., 8)"),
        (lambda: LayerNorm(8), [ones(4, 1)], "LayerNorm(8): x is (4, 1), expected (..., 8)"),
        (lambda: LayerNorm(8), [1.0], "LayerNorm(8): x is a float, expected an array (..., 8)"),
        (lambda: FeedForward(8, rng=RNG), [ones(4, 5)], "FeedForward(8): x is (4, 5), expected"),
        (embedding, [[1, 2]], "Embedding(5, 8): ids are a list, expected an array (...)"),
        (embedding, [ones(2)], "Embedding(5, 8): ids are float32, expected whole numbers"),
        (embedding, [np.ones(5, bool)], "Embedding(5, 8): ids are bool, expected whole numbers"),
        (embedding, [np.array([5])], "Embedding(5, 8): ids are from 5 to 5, expected 0 to 4"),
        (embedding, [np.array([-1, 2])], "Embedding(5, 8): ids are from -1 to 2, expected 0 to 4"),
        (Softmax, [np.arange(3)], "Softmax: x is int64, expected floating-point numbers"),
        (Softmax, [ones()], "Softmax: x is (), expected (..., C)"),
        (GELU, [[1.0]], "GELU: x is a list, expected an array"),
        (
            CrossEntropy,
            [ones(2, 3, 5), np.zeros((3, 2), int)],
            "CrossEntropy: targets are (3, 2), expected (2, 3)",
        ),
        (CrossEntropy, [ones(2, 5), [0, 1]], "CrossEntropy: targets are a list, expected an array"),
        (CrossEntropy, [ones(2, 5), ones(2)], "CrossEntropy: targets are float32, expected whole"),
        (
            CrossEntropy,
            [ones(2, 5), np.array([0, 5])],
            "CrossEntropy: targets are from 0 to 5, expected 0 to 4",
        ),
        (
            CrossEntropy,
            [ones(0, 5), np.zeros(0, int)],
            "CrossEntropy: targets are (0,), expected at least one",
        ),
        (linear, [None], "Linear(3, 2): x is None, expected an array (..., 3)"),
    ],
)
def test_forward_tells_the_layer_what_came_and_what_was_expected(make, inputs, expected):
    with pytest.raises(NpgptError, match=re.escape(expected)) as error:
        make()(*inputs)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("make", "x", "dy", "expected"),
    [
        (linear, ones(4, 6, 3), ones(6, 4, 2), "Linear(3, 2): dy is (6, 4, 2), expected (4, 6, 2)"),
        (linear, ones(4, 3), [1.0], "Linear(3, 2): dy is a list, expected (4, 2), as forward gave"),
        (
            lambda: LayerNorm(8),
            ones(2, 8),
            ones(2, 1),
            "LayerNorm(8): dy is (2, 1), expected (2, 8)",
        ),
        (ReLU, ones(3), ones(1), "ReLU: dy is (1,), expected (3,)"),
        (
            lambda: FeedForward(8, rng=RNG),
            ones(4, 8),
            ones(4, 7),
            "Linear(32, 8) at proj: dy is (4, 7), expected (4, 8)",
        ),
        (embedding, np.zeros((2, 3), int), ones(3, 2, 8), "dy is (3, 2, 8), expected (2, 3, 8)"),
    ],
)
def test_backward_refuses_a_gradient_of_another_shape_and_adds_nothing(make, x, dy, expected):
    layer = make()
    layer(x)
    with pytest.raises(NpgptError, match=re.escape(expected)):
        layer.backward(dy)
    assert not any(grad.any() for grad in layer.grads().values())


def test_a_forward_that_was_not_called_by_the_layer_forgets_the_shape_of_the_one_before():
    layer = linear()
    layer(ones(4, 3))
    layer.forward(ones(5, 3))
    assert layer.backward(ones(5, 2)).shape == (5, 3)


class Net(Module):
    """Two layers that do not fit each other."""

    def __init__(self):
        super().__init__()
        self.layers = {"first": linear(), "second": [Linear(4, 2, rng=RNG)]}

    def forward(self, x):
        return self.layers["second"][0](self.layers["first"](x))

    def backward(self, dy):
        return dy


def test_a_layer_within_is_told_by_its_dotted_name():
    expected = "Linear(4, 2) at net.layers.second.0: x is (5, 2), expected (..., 4)"

    class Outer(Net):
        def __init__(self):
            super().__init__()
            self.net = Net()

        def forward(self, x):
            return self.net(x)

    with pytest.raises(NpgptError, match=re.escape(expected)):
        Outer()(ones(5, 3))


class Bug(Module):
    """y = x: (..., C) -> (..., C)."""

    def forward(self, x):
        return x.no_such_method()

    def backward(self, dy):
        return dy


class BugOfPairs(Bug):
    """Takes two arrays as one pair."""


@pytest.mark.parametrize(
    ("layer", "x"), [(Bug(), ones(3)), (BugOfPairs(), (ones(3), ones(3))), (BugOfPairs(), {})]
)
def test_what_is_not_the_inputs_fault_stays_the_error_that_it_is(layer, x):
    with pytest.raises(AttributeError, match="no_such_method") as error:
        layer(x)
    assert not isinstance(error.value, NpgptError)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: Linear(3, 2, rng=0), "Linear(3, 2): rng is 0, expected a generator"),
        (lambda: Embedding(3, 2, rng=None), "Embedding(3, 2): rng is None, expected a generator"),
        (lambda: Dropout(0.1, rng=1), "Dropout(0.1): rng is 1, expected a generator"),
        (lambda: MultiHeadAttention(8, 2, rng=7), "Linear(8, 24): rng is 7, expected a generator"),
        (lambda: Linear(3.0, 2, rng=RNG), "Linear(3.0, 2): I is 3.0, expected a whole number"),
        (lambda: Linear(3, True, rng=RNG), "Linear(3, True): O is True, expected a whole number"),
        (lambda: LayerNorm(0), "LayerNorm(0): C is 0, expected a whole number of at least 1"),
        (lambda: Embedding("9", 2, rng=RNG), "Embedding('9', 2): V is '9', expected a whole"),
        (lambda: MultiHeadAttention(8, 0, rng=RNG), "H is 0, expected a whole number"),
        (lambda: SwiGLU(8, 0, rng=RNG), "SwiGLU(8, 0): F is 0, expected a whole number"),
        (lambda: Dropout("0.1", rng=RNG), "p is '0.1', expected 0 <= p < 1"),
    ],
)
def test_a_layer_refuses_what_it_cannot_be_made_of(make, expected):
    with pytest.raises(NpgptError, match=re.escape(expected)):
        make()


def test_the_numbers_of_numpy_are_numbers():
    assert Linear(np.int64(3), np.uint8(2), rng=RNG)(ones(1, 3)).shape == (1, 2)
    assert Dropout(np.float32(0.5), rng=RNG).p == 0.5


@pytest.mark.parametrize("eps", [-1, float("nan"), float("inf"), "0", True])
@pytest.mark.parametrize("norm", [LayerNorm, RMSNorm])
def test_an_epsilon_that_makes_no_row_finite_is_refused(norm, eps):
    with pytest.raises(NpgptError, match=r"Norm\(3\): eps is .*, expected a finite number"):
        norm(3, eps=eps)
    assert norm(3, eps=0).eps == 0


@pytest.mark.parametrize("dtype", [int, np.int64, bool, complex])
def test_a_parameter_that_no_gradient_can_move_is_refused(dtype):
    with pytest.raises(NpgptError, match=r"Linear\(3, 2\): weight is .*, expected floating-point"):
        Linear(3, 2, rng=RNG, dtype=dtype)


@pytest.mark.parametrize("use", ["parameter", "walk"])
def test_a_forgotten_init_is_told(use):
    class Forgetful(Module):
        def __init__(self):
            if use == "parameter":
                self.parameter("scale", np.ones(3))
            self.part = ReLU()

        def forward(self, x):
            return x

        def backward(self, dy):
            return dy

    with pytest.raises(NpgptError, match=r"Forgetful.__init__ must begin with super\(\)"):
        Forgetful().parameters()
