"""What goes wrong with LoRA."""

from npgpt_learn import Mistake

DB, DH, DA = "dB += scale * (h.T @ dy)", "dh = scale * (dy @ B.T)", "dA += x.T @ dh"
DX = "dx = dy @ W.T + dh @ A.T"
M = "M = W + scale * (A @ B)"

MISTAKES = [
    Mistake(
        DB,
        "dB += h.T @ dy",
        "dB lacks the scale: it multiplies all that comes through the detour.",
    ),
    Mistake(
        DX,
        "dx = dy @ W.T + dy @ B.T @ A.T",
        "dx lacks the scale in its second term: that is dh Aᵀ, and dh = scale · dy Bᵀ.",
    ),
    Mistake(
        DH,
        "dh = dy @ B.T",
        "The scale is missing on the way back to h: y has scale · (h B), so dh = scale · dy Bᵀ.",
    ),
    Mistake(
        DB,
        "dB += scale * (x @ A @ B).T @ dy",
        "dB is made of the output of the detour. In h B the slope for B is h, the input of that"
        " product: dB = scale · hᵀ dy.",
    ),
    Mistake(
        DB,
        "dB[...] = scale * (h.T @ dy)",
        "dB is written over. Gradients of parameters are added to: dB += ...",
    ),
    Mistake(
        DA,
        "dA += scale * (x.T @ dh)",
        "dA has the scale twice: it is in dh already.",
    ),
    Mistake(
        DA,
        "dA += x.T @ dy @ B.T @ B @ B.T * scale",
        "dA goes through B more than once. From h to y there is one product: dh = scale · dy Bᵀ,"
        " then dA = xᵀ dh.",
    ),
    Mistake(
        DX,
        "dx = dy @ W.T",
        "dx lacks the way through the detour. x is used twice, by W and by A: dx = dy Wᵀ + dh Aᵀ.",
    ),
    Mistake(
        DX,
        "dx = dh @ A.T",
        "dx lacks the way through W. Frozen means that W itself gets no gradient; what passes"
        " through W does: dx = dy Wᵀ + dh Aᵀ.",
    ),
    Mistake(
        DX,
        "dx = dy @ W.T + scale * (dh @ A.T)",
        "dx has the scale twice in its second term: it is in dh already.",
    ),
    Mistake(
        M,
        "M = W + A @ B",
        "M lacks the scale: the detour counts scale times.",
    ),
    Mistake(
        M,
        "M = scale * (W + A @ B)",
        "M scales W too: only the detour is scaled, W + scale · A B.",
    ),
    Mistake(
        M,
        "M = W + scale * (B @ A)",
        "A and B have changed places: x A comes first, then B, so x (A B).",
    ),
]
