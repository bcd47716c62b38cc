"""Adam, and AdamW with decoupled weight decay."""

import math
import sys
from collections.abc import Mapping

import numpy as np

from npgpt_core.numbers import real_number
from npgpt_core.types import Array
from npgpt_optim.optimizer import Elementwise, HasParameters


class Adam(Elementwise):
    """p -= lr · m̂ / (√v̂ + ε), with m and v the running means of g and g².

    Kingma & Ba 2015 (arXiv:1412.6980), algorithm 1. m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ) undo
    the bias of means that started at zero.

    Args:
        model: anything with ``parameters()`` and ``grads()``.
        lr: learning rate.
        beta1: β₁, memory of the mean gradient.
        beta2: β₂, memory of the mean squared gradient.
        eps: ε above 0, keeps the division finite.
    """

    def __init__(
        self,
        model: HasParameters,
        *,
        lr: float = 3e-4,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
    ) -> None:
        self.beta1 = real_number("beta1", beta1, 0, 1)
        self.beta2 = real_number("beta2", beta2, 0, 1)
        self.eps = real_number("eps", eps, sys.float_info.min, float("inf"))
        super().__init__(model, lr, slots=("m", "v"))
        self.t = 0

    def step(self) -> None:
        """Apply one update to every parameter, in place."""
        self.t += 1
        super().step()

    def update(
        self, name: str, parameter: Array, gradient: Array, slots: tuple[Array, ...]
    ) -> None:
        """One update; both bias corrections are folded into the two numbers lr and ε.

        lr m̂ / (√v̂ + ε) = lr √b₂ / b₁ · m / (√v + ε √b₂), with bᵢ = 1 - βᵢᵗ.
        """
        p, g, (m, v), s = parameter, gradient, slots, np.empty_like(parameter)
        b1, b2 = 1 - self.beta1**self.t, 1 - self.beta2**self.t
        m *= self.beta1  # m = β₁ m + (1 - β₁) g
        m += np.multiply(g, 1 - self.beta1, out=s)
        v *= self.beta2  # v = β₂ v + (1 - β₂) g²
        np.multiply(g, g, out=s)
        s *= 1 - self.beta2
        v += s
        np.sqrt(v, out=s)  # p -= lr m̂ / (√v̂ + ε)
        s += self.eps * math.sqrt(b2)
        np.divide(m, s, out=s)
        s *= self.lr * math.sqrt(b2) / b1
        p -= s

    def state_dict(self) -> dict[str, Array | float | int]:
        """Copies of m and v, and the number of steps t."""
        return {**super().state_dict(), "t": self.t}

    def load_state_dict(self, state: Mapping[str, Array | float | int]) -> None:
        """Take m, v and t over, in place; see ``Optimizer.load_state_dict``."""
        super().load_state_dict(state)
        self.t = int(state["t"])


class AdamW(Adam):
    """Adam after p -= lr · λ · p: the decay does not pass through the running means.

    Loshchilov & Hutter 2019 (arXiv:1711.05101). Only arrays of two or more axes decay: weights and
    tables, but neither biases nor LayerNorm's scale.

    Args:
        model: anything with ``parameters()`` and ``grads()``.
        lr: learning rate.
        beta1: β₁, memory of the mean gradient.
        beta2: β₂, memory of the mean squared gradient.
        eps: ε above 0, keeps the division finite.
        weight_decay: λ, share of a weight that is lost each step, times lr.
    """

    def __init__(
        self,
        model: HasParameters,
        *,
        lr: float = 3e-4,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(model, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        self.weight_decay = real_number("weight_decay", weight_decay, 0, float("inf"))

    def update(
        self, name: str, parameter: Array, gradient: Array, slots: tuple[Array, ...]
    ) -> None:
        """Decay, then Adam."""
        if self.parameters[name].ndim >= 2:
            parameter *= 1 - self.lr * self.weight_decay
        super().update(name, parameter, gradient, slots)
