"""The bias of a head, folded into the shift before it, for architectures whose head has none."""

from collections.abc import Mapping

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.types import Array


def fold_head_bias(state: Mapping[str, Array]) -> dict[str, Array]:
    """The parameters of a ``gpt`` without ``head.bias``, which moves into ``ln_f.beta``.

    logits = h W + b with h = γ x̂ + β. What b adds for every token alike changes no probability, so
    δ is the least-squares solution of δ W ≈ b with the mean over the tokens taken away, and β + δ
    stands for both. C numbers cannot say what V numbers said: some of it is lost.

    Args:
        state: the parameters by their names.

    Raises:
        NpgptError: there is no such bias.
    """
    if "head.bias" not in state:
        raise NpgptError("`fold_head_bias=True`: this head has no bias, leave it out")
    w = state["head.weight"] if "head.weight" in state else state["token_embedding.weight"].T
    w, b = w.astype(np.float64), state["head.bias"].astype(np.float64)
    w = w - w.mean(axis=1, keepdims=True)  # (C, V)
    delta = np.linalg.lstsq(w.T, b - b.mean(), rcond=None)[0]  # (C,)
    others = {name: array for name, array in state.items() if name != "head.bias"}
    return {**others, "ln_f.beta": (state["ln_f.beta"] + delta).astype(np.float32)}
