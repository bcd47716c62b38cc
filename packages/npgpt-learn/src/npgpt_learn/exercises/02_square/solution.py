"""y = s x², and its gradients."""


def square(x, s):
    """y = s x²: (N, C) -> (N, C), with one s for each column."""
    y = s * x**2
    return y


def square_backward(dy, x, s, ds):
    """Add to ds, return dx."""
    # Yours: ds (C,), to add to
    ds += (dy * x**2).sum(axis=0)
    # Yours: dx (N, C), a new array
    dx = dy * s * 2 * x
    return dx
