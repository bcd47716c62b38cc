"""The gradients of x, A and B, against central differences; and the three matrices as one."""

from npgpt_learn import Layer, Marking


def scale(sizes, small, rng):
    """How much the detour counts."""
    return 0.5 if small else float(rng.uniform(1.2, 1.8))


def measure(code, W, A, B, scale):
    """The matrix."""
    return {"M": code.merged(W, A, B, scale)}


MARKING = [
    Layer("lora", x="N I", W="I O", A="I R", B="R O", scale=scale),
    Marking(measure, W="I O", A="I R", B="R O", scale=scale),
]
