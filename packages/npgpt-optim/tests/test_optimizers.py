"""Every optimizer against its textbook formula; then pieces, state and options."""

import numpy as np
import pytest

from npgpt_core import NpgptError
from npgpt_optim import SGD, Adam, AdamW, Muon, optimizer
from npgpt_optim.muon import COEFFICIENTS

EVERY = {
    "sgd": (SGD, {}),
    "sgd with momentum": (SGD, {"momentum": 0.9}),
    "sgd with nesterov": (SGD, {"momentum": 0.9, "nesterov": True}),
    "adam": (Adam, {}),
    "adam with options": (Adam, {"beta1": 0.5, "beta2": 0.8, "eps": 1e-3}),
    "adamw": (AdamW, {"weight_decay": 0.3}),
    "muon": (Muon, {"weight_decay": 0.3}),
    "muon without nesterov": (Muon, {"weight_decay": 0, "momentum": 0.5, "nesterov": False}),
}
every_optimizer = pytest.mark.parametrize(("kind", "options"), EVERY.values(), ids=EVERY)

SHAPES = {"table": (5, 7), "bias": (7,), "cube": (2, 3, 4), "scale": (), "one": (1,)}


class Problem:
    """Parameters and gradients of several shapes: all that an optimizer asks of a model."""

    def __init__(self, shapes=SHAPES, dtype=np.float64):
        rng = np.random.default_rng(0)
        self.arrays = {name: np.array(rng.normal(size=s), dtype) for name, s in shapes.items()}
        self.slopes = {name: np.zeros_like(array) for name, array in self.arrays.items()}

    def parameters(self):
        return self.arrays

    def grads(self):
        return self.slopes

    def draw_grads(self, step):
        """Any gradients: the arithmetic does not care where they come from."""
        rng = np.random.default_rng((1, step))
        for grad in self.slopes.values():
            grad[...] = rng.normal(size=grad.shape)


def run(problem, optim, steps, start=0):
    for step in range(start, start + steps):
        problem.draw_grads(step)
        optim.step()


# ---------------------------------------------------------------- textbook formulas


def sgd(p, grads, lr, momentum=0.0, nesterov=False):
    velocity = np.zeros_like(p)
    for g in grads:
        velocity = momentum * velocity + g
        p = p - lr * (g + momentum * velocity if nesterov else velocity)
    return p


def adam(p, grads, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0):
    m = v = np.zeros_like(p)
    for t, g in enumerate(grads, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        decay = weight_decay if p.ndim >= 2 else 0.0
        p = p - lr * decay * p - lr * m_hat / (np.sqrt(v_hat) + eps)
    return p


def muon(p, grads, lr, momentum=0.95, nesterov=True, weight_decay=0.1):
    if p.ndim != 2:
        return adam(p, grads, lr, weight_decay=weight_decay)
    velocity = np.zeros_like(p)
    for g in grads:
        velocity = momentum * velocity + g  # orthogonalizing undoes the factor of 1 - β
        u, s, v = np.linalg.svd(g + momentum * velocity if nesterov else velocity, False)
        s /= np.sqrt((s**2).sum())
        for _ in range(5):
            s = sum(c * s**power for c, power in zip(COEFFICIENTS, (1, 3, 5), strict=True))
        p = p - lr * weight_decay * p - lr * 0.2 * np.sqrt(max(p.shape)) * (u * s) @ v
    return p


TEXTBOOKS = {SGD: sgd, Adam: adam, AdamW: adam, Muon: muon}


@every_optimizer
def test_equals_the_textbook(kind, options):
    problem, lr, steps = Problem(), 0.05, 8
    history = {name: [] for name in SHAPES}
    before = {name: array.copy() for name, array in problem.arrays.items()}
    optim = kind(problem, lr=lr, **options)
    for step in range(steps):
        problem.draw_grads(step)
        for name, grad in problem.slopes.items():
            history[name].append(grad.copy())
        optim.step()
    for name, array in problem.arrays.items():
        expected = TEXTBOOKS[kind](before[name], history[name], lr, **options)
        np.testing.assert_allclose(array, expected, rtol=1e-12, atol=1e-13)


def test_the_first_step_of_adam_is_lr_against_the_sign_of_the_gradient():
    problem = Problem()
    before = problem.arrays["table"].copy()
    optim = Adam(problem, lr=0.01)
    run(problem, optim, 1)
    moved = problem.arrays["table"] - before
    np.testing.assert_allclose(moved, -0.01 * np.sign(problem.slopes["table"]), rtol=1e-5)


def test_adamw_decays_arrays_of_two_or_more_axes_only():
    problem = Problem()
    before = {name: array.copy() for name, array in problem.arrays.items()}
    AdamW(problem, lr=0.1, weight_decay=0.5).step()  # the gradients are zero
    for name, array in problem.arrays.items():
        share = 0.95 if array.ndim >= 2 else 1.0
        np.testing.assert_allclose(array, share * before[name], rtol=1e-15)


# ---------------------------------------------------------------- pieces


@every_optimizer
@pytest.mark.parametrize("piece", [1, 7, 8])
def test_the_size_of_a_piece_changes_nothing(kind, options, piece, monkeypatch):
    whole = Problem()
    run(whole, kind(whole, lr=0.1, **options), 4)
    monkeypatch.setattr(optimizer, "PIECE", piece)
    pieces = Problem()
    run(pieces, kind(pieces, lr=0.1, **options), 4)
    for name, array in whole.arrays.items():
        np.testing.assert_array_equal(pieces.arrays[name], array)


@every_optimizer
@pytest.mark.parametrize("extra", [-1, 0, 1, 12_345])
def test_no_number_of_an_array_longer_than_a_piece_is_left_out(kind, options, extra):
    problem = Problem({"long": (optimizer.PIECE + extra,), "none": (0, 3)})
    problem.arrays["long"][:] = 2
    problem.slopes["long"][:] = 1
    kind(problem, lr=0.1, **options).step()
    assert len(np.unique(problem.arrays["long"])) == 1
    assert problem.arrays["long"][0] < 2


# ---------------------------------------------------------------- state


def test_the_state_is_flat_and_named_after_slot_and_parameter():
    names = {f"{slot}.{name}" for slot in ("m", "v") for name in SHAPES}
    assert set(Adam(Problem()).state_dict()) == names | {"t"}
    assert set(SGD(Problem(), momentum=0.5).state_dict()) == {f"velocity.{name}" for name in SHAPES}
    assert SGD(Problem()).state_dict() == {}


def test_loading_takes_arrays_over_in_place():
    optim = Adam(Problem())
    m = optim.slots["m"]["bias"]
    optim.load_state_dict({name: np.ones_like(v) for name, v in optim.state_dict().items()})
    assert optim.slots["m"]["bias"] is m
    assert (m == 1).all()
    assert optim.t == 1


# ---------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (SGD, {"lr": True}, "lr is True"),
        (SGD, {"momentum": "0.9"}, "momentum is '0.9'"),
        (SGD, {"momentum": 0.9, "nesterov": 1}, "nesterov is 1, expected true or false"),
        (Adam, {"beta1": False}, "beta1 is False"),
        (Adam, {"eps": True}, "eps is True"),
        (AdamW, {"weight_decay": None}, "weight_decay is None"),
        (SGD, {"lr": -0.1}, "lr is -0.1, expected at least 0"),
        (SGD, {"lr": float("nan")}, "lr is nan"),
        (SGD, {"lr": "0.1"}, "lr is '0.1', expected a number of at least 0"),
        (Adam, {"lr": float("inf")}, "lr is inf, expected at least 0 and finite"),
        (SGD, {"momentum": 1.0}, "momentum is 1.0, expected at least 0 and below 1"),
        (SGD, {"momentum": -0.5}, "momentum is -0.5"),
        (SGD, {"nesterov": True}, "needs momentum above 0"),
        (Adam, {"beta1": 1.0}, "beta1 is 1.0"),
        (Adam, {"beta1": -0.1}, "beta1 is -0.1"),
        (Adam, {"beta2": 1.0}, "beta2 is 1.0"),
        (Adam, {"beta2": -0.1}, "beta2 is -0.1"),
        (Adam, {"eps": -1e-8}, "eps is -1e-08"),
        (Adam, {"eps": 0}, "eps is 0"),
        (AdamW, {"weight_decay": -1}, "weight_decay is -1"),
        (AdamW, {"beta2": 2}, "beta2 is 2"),
        (Muon, {"lr": -1}, "lr is -1"),
        (Muon, {"momentum": 1.0}, "momentum is 1.0"),
        (Muon, {"nesterov": 1}, "nesterov is 1, expected true or false"),
        (Muon, {"ns_steps": 0}, "ns_steps is 0"),
        (Muon, {"ns_steps": 2.5}, "ns_steps is 2.5"),
        (Muon, {"weight_decay": -1}, "weight_decay is -1"),
        (Muon, {"matrices": 3}, "matrices is 3, expected a pattern"),
        (Muon, {"relative_lr": -1}, "relative_lr is -1"),
        (Muon, {"beta2": 1.0}, "beta2 is 1.0"),
        (Muon, {"eps": 0}, "eps is 0"),
    ],
)
def test_an_option_out_of_range_is_named(kind, options, message):
    with pytest.raises(NpgptError, match=message):
        kind(Problem(), **options)


@every_optimizer
@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Problem().parameters(), "model is a dict, expected the model itself"),
        ([np.ones(3)], "model is a list, expected the model itself"),
        (Problem(shapes={}), "Problem has no parameters"),
    ],
)
def test_what_is_no_model_is_named(kind, options, model, message):
    with pytest.raises(NpgptError, match=f"{kind.__name__}: {message}"):
        kind(model, **options)


def test_the_numbers_of_numpy_are_numbers():
    problem, same = Problem(dtype=np.float32), Problem(dtype=np.float32)
    run(problem, Adam(problem, lr=np.float64(0.1), beta1=np.float32(0.5)), 2)
    run(same, Adam(same, lr=0.1, beta1=0.5), 2)
    for name, array in problem.arrays.items():
        np.testing.assert_array_equal(array, same.arrays[name])


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (SGD, {"momentum": 0}),
        (SGD, {"momentum": 1 - 1e-9}),
        (Adam, {"beta1": 0, "beta2": 0}),
        (Adam, {"beta1": 1 - 1e-9, "beta2": 1 - 1e-9, "eps": 1e-300}),
        (AdamW, {"weight_decay": 0}),
        (Muon, {"momentum": 0, "ns_steps": 1, "weight_decay": 0, "relative_lr": 0}),
    ],
)
def test_the_ends_of_the_ranges_are_in_them(kind, options):
    problem = Problem()
    run(problem, kind(problem, lr=0.1, **options), 2)
    assert all(np.isfinite(array).all() for array in problem.arrays.values())
