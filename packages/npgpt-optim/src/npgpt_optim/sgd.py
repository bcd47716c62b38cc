"""Stochastic gradient descent, with momentum and Nesterov's look-ahead."""

import numpy as np

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.numbers import real_number
from npgpt_core.types import Array
from npgpt_optim.optimizer import Elementwise, HasParameters


class SGD(Elementwise):
    """p -= lr · g; with momentum, u = μ u + g and p -= lr · u (Nesterov: lr · (g + μ u)).

    Sutskever et al. 2013 (ICML), in the form of PyTorch, where lr scales the whole velocity.

    Args:
        model: anything with ``parameters()`` and ``grads()``.
        lr: learning rate.
        momentum: μ, share of the velocity that survives a step, from 0 up to but not including 1.
        nesterov: look ahead along the velocity; needs a momentum.
    """

    def __init__(
        self,
        model: HasParameters,
        *,
        lr: float = 0.1,
        momentum: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        self.momentum = real_number("momentum", momentum, 0, 1)
        if not isinstance(nesterov, bool):
            raise NpgptError(f"nesterov is {short_repr(nesterov)}, expected true or false")
        if nesterov and not momentum:
            raise NpgptError("nesterov looks ahead along the velocity: it needs momentum above 0")
        super().__init__(model, lr, slots=("velocity",) if momentum else ())
        self.nesterov = nesterov

    def update(
        self, name: str, parameter: Array, gradient: Array, slots: tuple[Array, ...]
    ) -> None:
        """One step down the gradient, or along the velocity."""
        p, g, s = parameter, gradient, np.empty_like(parameter)
        if not self.momentum:
            p -= np.multiply(g, self.lr, out=s)
            return
        (u,) = slots
        u *= self.momentum  # u = μ u + g
        u += g
        if self.nesterov:
            np.multiply(u, self.momentum, out=s)  # p -= lr (g + μ u)
            s += g
            s *= self.lr
        else:
            np.multiply(u, self.lr, out=s)  # p -= lr u
        p -= s
