"""LoRA: a frozen matrix, and a small detour that learns."""


def lora(x, W, A, B, scale):
    """y = x W + scale · (x A) B: (N, I) -> (N, O)."""
    h = x @ A
    y = x @ W + scale * (h @ B)
    return y, h


def lora_backward(dy, x, h, W, A, B, scale, dA, dB):
    """Add to dA and dB, return dx; W is frozen."""
    # Yours: dB (R, O), to add to
    dB += scale * (h.T @ dy)
    # Yours: dA (I, R), to add to
    dh = scale * (dy @ B.T)
    dA += x.T @ dh
    # Yours: dx (N, I), a new array
    dx = dy @ W.T + dh @ A.T
    return dx


def merged(W, A, B, scale):
    """The one matrix that does the same as all three: (I, O)."""
    # Yours: M (I, O), a new array
    M = W + scale * (A @ B)
    return M
