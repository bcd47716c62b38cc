"""The way back: how fast the loss changes with each module's input, and with each parameter."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from npgpt_core.losses import CrossEntropy
from npgpt_core.module import Module
from npgpt_core.protocols import Tokenizer, config_of
from npgpt_core.tracing import tracing
from npgpt_core.types import Array
from npgpt_train.explain.formulas import backward_formulas
from npgpt_train.explain.tokens import Token, tokens, window

LOSS = "loss"


@dataclass(frozen=True)
class ParameterGradient:
    """The norm of a parameter's gradient, and the mathematics that it comes from."""

    parameter: str
    shape: tuple[int, ...]
    norm: float
    formula: str


@dataclass(frozen=True)
class ModuleGradient:
    """The norm of the gradient that a module hands back, dx; None where its input has none."""

    module: str
    kind: str
    norm: float | None
    formula: str
    parameters: list[ParameterGradient]


@dataclass(frozen=True)
class Backward:
    """A backward pass taken apart, without dropout.

    ``loss`` is the mean over all tokens but the first, each predicted from those before it, and
    ``norm`` the joint norm of all parameters' gradients. ``modules`` are in the order in which they
    were done: the loss first, a module after its parts.
    """

    tokens: list[Token]
    left_out: int
    loss: float
    norm: float
    modules: list[ModuleGradient]


@np.errstate(all="ignore")  # numbers that are not finite are worth looking at
def explain_backward(model: Module, tokenizer: Tokenizer, text: str) -> Backward:
    """Compute the loss of a text's last ``block_size`` + 1 tokens and follow its gradient back.

    Raises:
        NpgptError: a text of fewer than two tokens.
    """
    model, criterion = model.replica().train(), CrossEntropy()
    model.use_rng(None)
    seen = window(tokenizer, text, config_of(model).block_size + 1, shortest=2)
    x, y = seen.ids[None, :-1], seen.ids[None, 1:]  # (1, T)
    passed: list[tuple[str, Module, Any]] = []

    def look(name: str, module: Module, inputs: tuple[Any, ...], output: Any) -> None:
        passed.append((name, module, output))

    with tracing(model, backward=look):
        loss = criterion(model(x), y)
        dlogits = criterion.backward()
        passed.append((LOSS, criterion, dlogits))
        model.backward(dlogits)
    grads = model.grads()  # complete only now: a parameter may serve several modules
    return Backward(
        tokens(tokenizer, seen.ids),
        seen.left_out,
        loss,
        math.hypot(*map(norm, grads.values())),
        [_gradient(*one, grads) for one in passed],
    )


def norm(x: Array) -> float:
    """√(Σ x²), in float64."""
    return float(np.linalg.norm(x.astype(np.float64)))


def _gradient(name: str, module: Module, output: Any, grads: Mapping[str, Array]) -> ModuleGradient:
    own = {p: grad for p, grad in grads.items() if p.rpartition(".")[0] == name}
    formula, formulas = backward_formulas(module, len(own))
    return ModuleGradient(
        name,
        type(module).__name__,
        norm(output) if isinstance(output, np.ndarray) else None,
        formula,
        [
            ParameterGradient(p, grad.shape, norm(grad), line)
            for (p, grad), line in zip(own.items(), formulas, strict=True)
        ],
    )
