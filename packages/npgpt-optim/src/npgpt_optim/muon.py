"""Muon: momentum whose matrices are made orthogonal, for the matrices inside a model."""

import math
from functools import partial

import numpy as np

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.numbers import real_number, whole_number
from npgpt_core.types import Array
from npgpt_core.wrong_input import require_model
from npgpt_optim.adam import AdamW
from npgpt_optim.groups import Group, Grouped, hidden_matrices
from npgpt_optim.optimizer import HasParameters, Optimizer

COEFFICIENTS = (3.4445, -4.775, 2.0315)  # a, b, c of Jordan's polynomial
EPS = 1e-7  # the least norm that an update is divided by
RMS = 0.2  # of a typical update of AdamW, measured by Liu et al. 2025


def orthogonalize(x: Array, steps: int = 5) -> Array:
    """About U Vᵀ, where X = U S Vᵀ: every singular value is brought near 1. (R, C) -> (R, C).

    Newton-Schulz: X <- X / ‖X‖, then several times X <- a X + (b A + c A²) X with A = X Xᵀ. That
    leaves U and V as they are, and makes of every singular value s the new a s + b s³ + c s⁵. With
    these a, b and c small ones grow fast; they end between about 0.7 and 1.2, and not at 1.

    Jordan et al. 2024, https://kellerjordan.github.io/posts/muon.

    Args:
        x: a matrix, which is not changed.
        steps: how often the polynomial is applied.
    """
    if x.shape[0] > x.shape[1]:  # X Xᵀ is smaller on the short side
        return orthogonalize(x.T, steps).T
    a, b, c = COEFFICIENTS
    x = x / max(float(np.linalg.norm(x)), EPS)
    gram = np.empty((len(x), len(x)), x.dtype)
    factor, product = np.empty_like(gram), np.empty_like(x)
    for _ in range(steps):
        np.matmul(x, x.T, out=gram)  # A = X Xᵀ
        np.matmul(gram, gram, out=factor)  # b A + c A²
        factor *= c
        gram *= b
        factor += gram
        np.matmul(factor, x, out=product)  # X = a X + (b A + c A²) X
        x *= a
        x += product
    return x


class MatrixMuon(Optimizer):
    """p -= lr · 0.2 √max(R, C) · orthogonalize(β m + (1 - β) g), for matrices (R, C) alone.

    m = β m + (1 - β) g is the running mean; without Nesterov's look-ahead m itself is made
    orthogonal. The weights decay before, p -= lr · λ · p. See ``Muon``.

    Args:
        model: anything with ``parameters()`` and ``grads()``, all of two axes.
        lr: learning rate.
        momentum: β, memory of the mean gradient, from 0 up to but not including 1.
        nesterov: look ahead along the mean.
        ns_steps: iterations of Newton-Schulz.
        weight_decay: λ, share of a weight that is lost each step, times lr.

    Raises:
        NpgptError: names a parameter that is no matrix, or an option out of range.
    """

    def __init__(
        self,
        model: HasParameters,
        *,
        lr: float = 3e-4,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_steps: int = 5,
        weight_decay: float = 0.1,
    ) -> None:
        self.momentum = real_number("momentum", momentum, 0, 1)
        if not isinstance(nesterov, bool):
            raise NpgptError(f"nesterov is {short_repr(nesterov)}, expected true or false")
        self.nesterov = nesterov
        self.ns_steps = whole_number("ns_steps", ns_steps)
        self.weight_decay = real_number("weight_decay", weight_decay, 0, float("inf"))
        super().__init__(model, lr, slots=("m",))
        for name, array in self.parameters.items():
            if array.ndim != 2:
                raise NpgptError(
                    f"{type(self).__name__}: {name} is {array.shape}, expected a matrix: give the"
                    " rest to another optimizer, as Muon does"
                )

    def update(
        self, name: str, parameter: Array, gradient: Array, slots: tuple[Array, ...]
    ) -> None:
        """One update; an orthogonal matrix has an RMS of 1/√max(R, C), so this has 0.2 lr.

        A fused weight (C, 3C), such as that of queries, keys and values, counts as the one matrix
        that it is, because nothing in its shape or name says where to cut it, and no optimizer
        should know an attention layer. Jordan et al. made the three orthogonal one by one, and say
        that it is better; a model that wants it keeps three layers.
        """
        p, g, (m,) = parameter, gradient, slots
        p *= 1 - self.lr * self.weight_decay
        m *= self.momentum  # m = β m + (1 - β) g
        s = np.multiply(g, 1 - self.momentum)
        m += s
        if self.nesterov:
            s += self.momentum * m  # β m + (1 - β) g, with the new m
        u = orthogonalize(s if self.nesterov else m, self.ns_steps)
        u *= self.lr * RMS * math.sqrt(max(p.shape))
        p -= u


class Muon(Grouped):
    """Muon for the matrices inside the model, AdamW for embeddings, head and vectors.

    Of a matrix (R, C), the running mean of the gradient is made about orthogonal, so that it moves
    the weights as far in each of its directions; and scaled by 0.2 √max(R, C), so that its RMS is
    that of a typical update of AdamW. One learning rate serves both.

    Jordan et al. 2024, https://kellerjordan.github.io/posts/muon; the scale and the weight decay
    are from Liu et al. 2025, "Muon is Scalable for LLM Training" (arXiv:2502.16982).

    Args:
        model: anything with ``parameters()`` and ``grads()``.
        lr: learning rate of the matrices.
        momentum: β, memory of the mean gradient of a matrix, from 0 up to but not including 1.
        nesterov: look ahead along the mean.
        ns_steps: iterations of Newton-Schulz.
        weight_decay: λ, share of a weight that is lost each step, times lr; biases and scales do
            not decay.
        matrices: pattern of the names of the matrices that Muon takes, such as ``blocks.*``;
            without it, all that are neither embeddings nor the head.
        relative_lr: learning rate of AdamW as a multiple of lr.
        beta1: β₁ of AdamW.
        beta2: β₂ of AdamW.
        eps: ε of AdamW.
    """

    def __init__(
        self,
        model: HasParameters,
        *,
        lr: float = 3e-4,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_steps: int = 5,
        weight_decay: float = 0.1,
        matrices: str | None = None,
        relative_lr: float = 1.0,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
    ) -> None:
        if not (matrices is None or isinstance(matrices, str)):
            raise NpgptError(
                f"matrices is {short_repr(matrices)}, expected a pattern such as 'blocks.*'"
            )
        muon = partial(
            MatrixMuon,
            momentum=momentum,
            nesterov=nesterov,
            ns_steps=ns_steps,
            weight_decay=weight_decay,
        )
        adamw = partial(AdamW, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)
        require_model(type(self).__name__, model, "parameters()", "grads()")
        hidden = hidden_matrices(model, matrices)
        super().__init__(
            model,
            lr,
            {
                "muon": Group(lambda name, _: name in hidden, muon),
                "adamw": Group(lambda name, _: True, adamw, relative_lr),
            },
        )
        self.matrices = matrices

    def step(self) -> None:
        """Apply one update to every parameter, in place.

        Raises:
            NpgptError: ``matrices`` was given, and no matrix of the model has such a name.
        """
        if self.matrices is not None and "muon" not in self.optimizers:
            names = ", ".join(name for name, grad in self.grads.items() if grad.ndim == 2)
            raise NpgptError(
                f"matrices is {short_repr(self.matrices)}, expected a pattern of some of"
                f" {names:.400}"
            )
        super().step()
