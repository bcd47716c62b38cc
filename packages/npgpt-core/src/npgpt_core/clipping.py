"""Gradient clipping by the global norm."""

from __future__ import annotations

import math

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.module import Module


def clip_grad_norm(model: Module, max_norm: float) -> float:
    """Scale all gradients in place so that their joint norm is at most ``max_norm``.

    Pascanu, Mikolov & Bengio 2013 (arXiv:1211.5063).

    Returns:
        The norm before clipping. If it is not finite, nothing is scaled.

    Raises:
        NpgptError: a ``max_norm`` that is not above 0.
    """
    if not max_norm > 0:
        raise NpgptError(f"max_norm is {max_norm}, expected a number above 0")
    grads = list(model.grads().values())
    norm = math.sqrt(sum(float(np.vdot(grad, grad)) for grad in grads))
    if max_norm < norm < math.inf:
        for grad in grads:
            grad *= max_norm / norm
    return norm
