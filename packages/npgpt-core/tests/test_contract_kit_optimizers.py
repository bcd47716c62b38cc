"""Each optimizer check can fail: for every id, an optimizer that is broken in one place."""

import numpy as np
import pytest

from npgpt_core import NpgptError
from npgpt_core.testing import optimizer_checks, parametrize_with_checks

CHECKS = dict(optimizer_checks())


class Momentum:
    """A right optimizer, to be broken in one place at a time: u = μ u + g, p -= lr u."""

    def __init__(self, model, *, lr=0.1, momentum=0.5):
        self.model, self.lr, self.momentum = model, lr, momentum
        self.u = {name: np.zeros_like(p) for name, p in model.parameters().items()}
        self.t = 0

    def step(self):
        self.t += 1
        for name, p, g in self.pairs():
            self.u[name] = self.momentum * self.u[name] + g
            self.update(p, self.u[name])

    def pairs(self):
        grads = self.model.grads()
        return [(name, p, grads[name]) for name, p in self.model.parameters().items()]

    def update(self, p, u):
        p -= self.lr * u

    def zero_grad(self):
        self.model.zero_grad()

    def state_dict(self):
        return {"t": self.t, **{f"u.{name}": u.copy() for name, u in self.u.items()}}

    def load_state_dict(self, state):
        own = self.state_dict()
        if wrong := set(own) ^ set(state):
            raise NpgptError(f"missing or unexpected: {wrong}")
        if wrong := [name for name in own if np.shape(own[name]) != np.shape(state[name])]:
            raise NpgptError(f"misshapen: {wrong}")
        self.take(state)

    def take(self, state):
        self.t = state["t"]
        self.u = {name: state[f"u.{name}"].copy() for name in self.u}


class NoZeroGrad:
    __init__, step, pairs, update = (
        Momentum.__init__,
        Momentum.step,
        Momentum.pairs,
        Momentum.update,
    )
    state_dict, load_state_dict = Momentum.state_dict, Momentum.load_state_dict


class DefaultIsAnObject(Momentum):
    def __init__(self, model, *, lr=0.1, norm=np.linalg.norm):
        super().__init__(model, lr=lr)


class Ascends(Momentum):
    def update(self, p, u):
        p += self.lr * u


class FirstPieceOnly(Momentum):
    def update(self, p, u):
        p.reshape(-1)[:1000] -= self.lr * u.reshape(-1)[:1000]


class Noisy(Momentum):
    def update(self, p, u):
        p -= self.lr * u * np.random.default_rng().uniform(0.9, 1.1, u.shape).astype(u.dtype)


class LearningRateIsHidden(Momentum):
    lr = property(lambda self: 0.1, lambda self, value: None)


class CopiesLearningRate(Momentum):
    def __init__(self, model, *, lr=0.1):
        super().__init__(model, lr=lr)
        self.first_lr = lr

    def update(self, p, u):
        p -= self.first_lr * u


class DecaysWithoutLearningRate(Momentum):
    def update(self, p, u):
        p *= 0.99
        super().update(p, u)


class Rebinds(Momentum):
    def step(self):
        for name, p, g in self.pairs():
            vars(self.model)[name] = p - self.lr * g


class ScalesGradients(Momentum):
    def pairs(self):
        for name, p, g in super().pairs():
            g *= 0.5
            yield name, p, g


class ZeroesFirstGradientOnly(Momentum):
    def zero_grad(self):
        next(iter(self.model.grads().values())).fill(0)


class DividesByNorm(Momentum):
    def update(self, p, u):
        with np.errstate(all="ignore"):
            super().update(p, u / np.linalg.norm(u))


class WalksModules(Momentum):
    def step(self):
        for _, module in self.model.named_modules():
            for name in module._parameter_names:
                p = getattr(module, name)
                p -= self.lr * getattr(module, "d" + name)


class RoundsToFloat32(Momentum):
    def update(self, p, u):
        p[...] = (p - self.lr * u).astype(np.float32)


class ForgetsVelocity(Momentum):
    def take(self, state):
        self.t = state["t"]


class Nested(Momentum):
    def state_dict(self):
        return {"t": self.t, "u": {name: u.copy() for name, u in self.u.items()}}


class GivesItsArrays(Momentum):
    def step(self):
        for name, p, g in self.pairs():
            self.u[name] *= self.momentum
            self.u[name] += g
            self.update(p, self.u[name])

    def state_dict(self):
        return {"t": self.t, **{f"u.{name}": u for name, u in self.u.items()}}


class LoadIsKeyError(Momentum):
    def load_state_dict(self, state):
        self.take(state)


class TakesAnyShape(Momentum):
    def load_state_dict(self, state):
        if wrong := set(self.state_dict()) ^ set(state):
            raise NpgptError(f"missing or unexpected: {wrong}")
        self.take(state)


class LoadsHalf(Momentum):
    def load_state_dict(self, state):
        self.t = state.get("t", 0)
        super().load_state_dict(state)


class KeepsFloat64(Momentum):
    def __init__(self, model, *, lr=0.1):
        super().__init__(model, lr=lr)
        self.u = {name: np.zeros(p.shape) for name, p in model.parameters().items()}


BROKEN = {
    "protocol": NoZeroGrad,
    "options-are-data": DefaultIsAnObject,
    "quadratic-falls": Ascends,
    "every-number-moves": FirstPieceOnly,
    "deterministic": Noisy,
    "lr-is-attribute": LearningRateIsHidden,
    "lr-is-read-at-every-step": CopiesLearningRate,
    "lr-zero-changes-nothing": DecaysWithoutLearningRate,
    "arrays-kept": Rebinds,
    "gradients-unchanged": ScalesGradients,
    "zero-grad-in-place": ZeroesFirstGradientOnly,
    "zero-gradient-finite": DividesByNorm,
    "tied-arrays-once": WalksModules,
    "float64-stays-float64": RoundsToFloat32,
    "resumed-equals-uninterrupted": ForgetsVelocity,
    "state-is-flat": Nested,
    "state-is-copied": GivesItsArrays,
    "load-refuses-missing": LoadIsKeyError,
    "load-refuses-unexpected": LoadIsKeyError,
    "load-refuses-misshapen": TakesAnyShape,
    "load-all-or-none": LoadsHalf,
    "float32-stays-float32": KeepsFloat64,
}


@parametrize_with_checks("optimizer", Momentum)
def test_a_right_optimizer_passes(check):
    check()


@pytest.mark.parametrize("check_id", BROKEN)
def test_a_broken_optimizer_fails(check_id):
    with pytest.raises(AssertionError, match=f"optimizer check {check_id}: .{{20}}"):
        CHECKS[check_id](BROKEN[check_id])


class FlattensWhenLoaded(Momentum):
    def take(self, state):
        super().take(state)
        for _, p, _ in self.pairs():
            p.resize(p.size, refcheck=False)


class AddsToItsOwn(Momentum):
    def take(self, state):
        self.t = state["t"]
        for name, u in self.u.items():
            u += state[f"u.{name}"]


@pytest.mark.parametrize(
    ("check_id", "told", "broken"),
    [
        ("arrays-kept", "types and shapes became", FlattensWhenLoaded),
        ("resumed-equals-uninterrupted", "load_state_dict take all of it over", AddsToItsOwn),
    ],
)
def test_what_is_broken_in_another_way_fails_too(check_id, told, broken):
    with pytest.raises(AssertionError, match=told):
        CHECKS[check_id](broken)


def test_every_check_has_its_broken_optimizer():
    assert set(BROKEN) == set(CHECKS)


def test_an_optimizer_without_state_passes():
    class Descent(Momentum):
        def state_dict(self):
            return {}

        def take(self, state):
            pass

        def update(self, p, u):
            p -= self.lr * (u - self.momentum * 0)

        def step(self):
            for _, p, g in self.pairs():
                self.update(p, g)

    for check in CHECKS.values():
        check(Descent)
