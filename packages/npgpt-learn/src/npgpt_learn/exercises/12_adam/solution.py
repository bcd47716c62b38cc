"""Adam: steps as long as the gradient is reliable."""

import numpy as np


def adam(w, dw, m, v, t, lr, beta1, beta2, epsilon):
    """One step: write into w, m and v, all of one shape. t counts the steps: 1 for the first."""
    # Yours: m and v, to be written into: running means of the gradient and of its square
    m += (1 - beta1) * (dw - m)
    v += (1 - beta2) * (dw**2 - v)
    # Yours: m_hat, v_hat, without the zeros that m and v began with
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    # Yours: w, to be written into
    w -= lr * m_hat / (np.sqrt(v_hat) + epsilon)
