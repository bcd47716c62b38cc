"""The path of a text through a model: what each module gives, and how the prediction forms.

A model is read after every block where it offers ``blocks`` and ``logits(x)``: the residual stream
(B, T, C) goes through the head at once, as if the blocks that follow were not there.
nostalgebraist 2020, "interpreting GPT: the logit lens".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from npgpt_core.functional import softmax
from npgpt_core.module import Module
from npgpt_core.protocols import Tokenizer, config_of
from npgpt_core.tracing import tracing
from npgpt_core.types import Array
from npgpt_train.explain.formulas import forward_formula
from npgpt_train.explain.tokens import Token, token, tokens, window

EMBEDDINGS = "embeddings"


@dataclass(frozen=True)
class Output:
    """What a module gave: its shape, and the mean, spread and largest absolute value in it.

    ``parameters`` counts those of the module and of all below it. The model itself has the name "".
    """

    module: str
    kind: str
    formula: str
    shape: tuple[int, ...]
    parameters: int
    mean: float
    std: float
    largest: float


@dataclass(frozen=True)
class Prediction:
    """A token that may follow, and how likely that is."""

    token: Token
    probability: float


@dataclass(frozen=True)
class Reading:
    """The likeliest next tokens if the stream is read after ``module``."""

    module: str
    next: list[Prediction]


@dataclass(frozen=True)
class Forward:
    """A forward pass taken apart.

    ``outputs`` are in the order in which they were ready, so a module comes after its parts.
    ``readings`` begin with the embeddings and end with the last block; None of a model that offers
    no ``blocks`` or no ``logits(x)``.
    """

    tokens: list[Token]
    left_out: int
    outputs: list[Output]
    next: list[Prediction]
    readings: list[Reading] | None


@np.errstate(all="ignore")  # numbers that are not finite are worth looking at
def explain_forward(model: Module, tokenizer: Tokenizer, text: str, top: int = 5) -> Forward:
    """Follow the last ``block_size`` tokens of a text through a model, to the ``top`` next ones.

    Raises:
        NpgptError: an empty text.
    """
    model = model.replica().eval()
    seen = window(tokenizer, text, config_of(model).block_size)
    outputs: list[Output] = []
    streams: list[tuple[str, Array]] = []  # each (1, T, C)
    blocks: Sequence[Module] = getattr(model, "blocks", ())
    read: Callable[[Array], Array] | None = getattr(model, "logits", None)

    def look(name: str, module: Module, inputs: tuple[Any, ...], output: Any) -> None:
        if any(module is block for block in blocks):
            if not streams:
                streams.append((EMBEDDINGS, inputs[0]))
            streams.append((name, output))
        if isinstance(output, np.ndarray):
            outputs.append(_output(name, module, output))

    def likeliest(logits: Array) -> list[Prediction]:
        p = softmax(logits[0, -1].astype(np.float64))
        best = np.argsort(-p, kind="stable")[:top]
        return [Prediction(token(tokenizer, int(i)), float(p[i])) for i in best]

    with tracing(model, forward=look):
        logits = model(seen.ids[None])
    readings = [Reading(name, likeliest(read(x))) for name, x in streams] if read else None
    return Forward(
        tokens(tokenizer, seen.ids), seen.left_out, outputs, likeliest(logits), readings or None
    )


def _output(name: str, module: Module, output: Array) -> Output:
    values = output.astype(np.float64)
    return Output(
        name,
        type(module).__name__,
        forward_formula(module),
        output.shape,
        module.num_parameters(),
        float(values.mean()),
        float(values.std()),
        float(np.abs(values).max()),
    )
