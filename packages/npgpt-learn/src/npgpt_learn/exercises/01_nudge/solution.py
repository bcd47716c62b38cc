"""Central differences: the judge of all that follows."""

import numpy as np


def nudge(f, x, epsilon):
    """The gradient of f at x, by central differences: an array of the shape of x."""
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        # Yours: gradient[i], from f(x) with x[i] a little higher and a little lower
        value = x[i]
        x[i] = value + epsilon
        up = f(x)
        x[i] = value - epsilon
        down = f(x)
        x[i] = value
        gradient[i] = (up - down) / (2 * epsilon)
    return gradient
