"""Groups of parameters, each with an optimizer of its own; and optimizers of contract 1."""

from functools import partial

import numpy as np
import pytest

from npgpt_core import Linear, NpgptError
from npgpt_core.testing import parametrize_with_checks
from npgpt_optim import SGD, Adam, Elementwise, Group, Grouped, Optimizer


class Mine(Grouped):
    """What a third party writes: SGD for matrices, Adam with a tenth of its rate for the rest."""

    def __init__(self, model, *, lr=0.1):
        groups = {
            "matrices": Group(lambda name, array: array.ndim == 2, partial(SGD, momentum=0.5)),
            "rest": Group(lambda name, array: True, Adam, relative_lr=0.1),
        }
        super().__init__(model, lr, groups)


@parametrize_with_checks("optimizer", Mine)
def test_a_grouped_optimizer_keeps_the_contract(check):
    check()


def layer():
    made = Linear(3, 2, rng=np.random.default_rng(0), dtype=np.float64)
    made.dweight += np.arange(6).reshape(3, 2) - 2.5
    made.dbias += [1, -2]
    return made


def test_the_lr_of_the_loop_acts_on_every_group():
    grouped, alone = layer(), layer()
    optimizer = Mine(grouped, lr=7.0)
    for lr in (0.5, 0.2):
        optimizer.lr = lr
        optimizer.step()
    sgd, adam = SGD(alone, lr=0.5, momentum=0.5), Adam(layer_bias := layer(), lr=0.05)
    for lr in (0.5, 0.2):
        sgd.lr, adam.lr = lr, lr * 0.1
        sgd.step()
        adam.step()
    np.testing.assert_array_equal(grouped.weight, alone.weight)
    np.testing.assert_array_equal(grouped.bias, layer_bias.bias)


def test_the_map_of_the_loop_is_that_of_every_group():
    seen = []

    def counted(function, items):
        seen.append(function)
        return map(function, items)

    optimizer = Mine(layer())
    optimizer.map = counted
    optimizer.step()
    assert len(seen) == 2


def test_the_state_is_named_after_group_slot_and_parameter():
    names = {"matrices.velocity.weight", "rest.m.bias", "rest.v.bias", "rest.t"}
    assert set(Mine(layer()).state_dict()) == names


def test_a_group_without_parameters_has_no_optimizer():
    groups = {"none": Group(lambda *_: False, SGD), "all": Group(lambda *_: True, SGD)}
    assert set(Grouped(layer(), 0.1, groups).optimizers) == {"all"}


def test_a_parameter_that_no_group_takes_is_named():
    groups = {"matrices": Group(lambda name, array: array.ndim == 2, SGD)}
    with pytest.raises(NpgptError, match=r"Grouped: no group takes bias \(2,\)"):
        Grouped(layer(), 0.1, groups)


# ---------------------------------------------------------------- the base, whole and in pieces


def test_the_base_gives_whole_parameters_and_elementwise_flat_pieces():
    seen = {}

    def update(self, name, parameter, gradient, slots):
        seen[name] = [array.shape for array in (parameter, gradient, *slots)]

    for base, shape in ((Optimizer, (3, 2)), (Elementwise, (6,))):
        kind = type("Seeing", (base,), {"update": update})
        kind(layer(), 0.1, slots=("m",)).step()
        assert seen == {"weight": [shape] * 3, "bias": [(2,)] * 3}


def test_an_update_of_contract_1_works_on_and_is_told_how_to_change():
    with pytest.warns(
        DeprecationWarning, match=r"Old\.update\(piece, scratch\) is .*Elementwise"
    ) as told:

        class Old(Optimizer):
            def __init__(self, model, *, lr=0.1):
                super().__init__(model, lr, slots=("velocity",))

            def update(self, piece, scratch):
                assert piece.parameter.ndim == scratch.ndim == 1
                (u,) = piece.slots
                u *= 0.5
                u += piece.grad
                p = piece.parameter
                p -= np.multiply(u, self.lr, out=scratch)

    assert told[0].filename == __file__
    old, new = layer(), layer()
    for model, kind in ((old, Old), (new, partial(SGD, momentum=0.5))):
        optimizer = kind(model, lr=0.1)
        optimizer.step()
        optimizer.step()
    np.testing.assert_array_equal(old.weight, new.weight)
    np.testing.assert_array_equal(old.bias, new.bias)
