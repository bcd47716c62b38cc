"""Gradient clipping by the global norm."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.module import Module
from npgpt_core.numbers import is_real
from npgpt_core.wrong_input import require_model


def clip_grad_norm(
    model: Module, max_norm: float, *, map: Callable[..., Iterable[Any]] = map
) -> float:
    """Scale all gradients in place so that their joint norm is at most ``max_norm``.

    Pascanu, Mikolov & Bengio 2013 (arXiv:1211.5063).

    Args:
        model: anything with ``grads()``.
        max_norm: above 0.
        map: applies a function to every gradient; that of a thread pool does so in parallel.

    Returns:
        The norm before clipping. If it is not finite, nothing is scaled.

    Raises:
        NpgptError: a ``max_norm`` that is not above 0, or what is no model.
    """
    if not (is_real(max_norm) and max_norm > 0):
        raise NpgptError(f"max_norm is {short_repr(max_norm)}, expected a number above 0")
    require_model("clip_grad_norm", model, "grads()")
    grads = list(model.grads().values())
    norm = math.sqrt(sum(map(lambda grad: float(np.vdot(grad, grad)), grads)))
    if max_norm < norm < math.inf:
        scale = max_norm / norm
        for _ in map(lambda grad: np.multiply(grad, scale, out=grad), grads):
            pass
    return norm
