"""A block of a transformer: two branches, each added to the stream."""


def block(x, ln_1, attention, ln_2, feedforward):
    """u = x + attention(ln_1(x)), y = u + feedforward(ln_2(u)): (T, C) -> (T, C)."""
    u = x + attention.forward(ln_1.forward(x))
    y = u + feedforward.forward(ln_2.forward(u))
    return y


def block_backward(dy, ln_1, attention, ln_2, feedforward):
    """Return dx; each layer has a backward(gradient of its output), and kept what that needs."""
    # Yours: du (T, C), a new array
    du = dy + ln_2.backward(feedforward.backward(dy))
    # Yours: dx (T, C), a new array
    dx = du + ln_1.backward(attention.backward(du))
    return dx
