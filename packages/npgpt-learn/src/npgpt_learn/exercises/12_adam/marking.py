"""Three steps from the beginning: the parameter after the first and the last, and the means."""

import numpy as np

from npgpt_learn import Marking

STEPS = 3


def measure(code, w, gradients):
    """Every array is written into; the gradients refuse it."""
    w, m, v = w.copy(), np.zeros(w.shape), np.zeros(w.shape)
    after = {}
    for t in range(1, STEPS + 1):
        code.adam(w, gradients[t - 1], m, v, t, 0.1, 0.85, 0.96, 0.01)
        after[t] = w.copy()
    return {"m": m, "v": v, "w after 1 step": after[1], f"w after {STEPS} steps": after[STEPS]}


MARKING = Marking(
    measure,
    says={"w after 1 step": "in the first step m_hat is dw and v_hat is dw², whatever the betas"},
    w="N C",
    gradients="S N C",
    sizes=lambda sizes: {"S": STEPS},
)
