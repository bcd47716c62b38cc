"""What goes wrong with Adam."""

from npgpt_learn import Mistake

M = "m += (1 - beta1) * (dw - m)"
V = "v += (1 - beta2) * (dw**2 - v)"
M_HAT = "m_hat = m / (1 - beta1**t)"
V_HAT = "v_hat = v / (1 - beta2**t)"
W = "w -= lr * m_hat / (np.sqrt(v_hat) + epsilon)"

MISTAKES = [
    Mistake(
        f"{M_HAT}\n    {V_HAT}",
        "m_hat = m\n    v_hat = v",
        "The bias correction is missing. m and v begin as 0, so the first means are too small: m by"
        " the factor 1 - β₁ᵗ, v by 1 - β₂ᵗ. Divide by these.",
    ),
    Mistake(
        V_HAT,
        "v_hat = v",
        "v lacks its bias correction. v begins as 0 too, and β₂ is nearer to 1: without the"
        " correction the first steps are much too long.",
    ),
    Mistake(
        M_HAT,
        "m_hat = m",
        "m lacks its bias correction. m begins as 0, so the first steps are too short.",
    ),
    Mistake(
        f"{M_HAT}\n    {V_HAT}",
        "m_hat = m / (1 - beta1)\n    v_hat = v / (1 - beta2)",
        "The bias correction is that of the first step, for ever. After t steps the weights of the"
        " mean sum to 1 - βᵗ: raise β to the power t.",
    ),
    Mistake(
        V,
        "v += (1 - beta2) * (dw - v)",
        "v is a mean of the gradient, and should be one of its square: only dw² says how large"
        " gradients are, whatever their signs.",
    ),
    Mistake(
        V,
        "v += (1 - beta2) * (m**2 - v)",
        "v is a mean of m², and should be one of dw². Then it would not see how much the gradient"
        " jumps about.",
    ),
    Mistake(
        M,
        "m += dw",
        "m adds up all gradients. It is to be a running mean: of the old m the share β₁ stays, of"
        " dw comes the share 1 - β₁.",
    ),
    Mistake(
        M,
        "m = beta1 * m + (1 - beta1) * dw",
        "m = ... makes a new array, and the caller's m stays 0 for ever. Write into the array that"
        " you were given: m[...] = ... or m += ...",
    ),
    Mistake(
        V,
        "v = beta2 * v + (1 - beta2) * dw**2",
        "v = ... makes a new array, and the caller's v stays 0 for ever. Write into the array that"
        " you were given: v[...] = ... or v += ...",
    ),
    Mistake(
        f"{M}\n    {V}",
        "m += beta1 * (dw - m)\n    v += beta2 * (dw**2 - v)",
        "The shares are swapped: β is the share of what was there before, and it is near 1. The new"
        " gradient gets 1 - β.",
    ),
    Mistake(
        W,
        "w += lr * m_hat / (np.sqrt(v_hat) + epsilon)",
        "w goes uphill. The gradient points to where the loss grows: take the step away from w.",
    ),
    Mistake(
        W,
        "w -= lr * m_hat / (v_hat + epsilon)",
        "The square root is missing: v is a mean of squares. Only √v is as large as the gradient,"
        " so that the step is about lr.",
    ),
    Mistake(
        W,
        "w -= lr * m_hat / np.sqrt(v_hat + epsilon)",
        "ε stands under the square root. Adam adds it to the root: √v̂ + ε. Under it ε = 1e-8 would"
        " be 1e-4 in fact.",
    ),
    Mistake(
        W,
        "w -= lr * dw / (np.sqrt(v_hat) + epsilon)",
        "The step takes dw, this batch's gradient alone. Adam goes along m̂, the mean of the last"
        " ones: noise cancels in it.",
    ),
    Mistake(
        W,
        "w = w - lr * m_hat / (np.sqrt(v_hat) + epsilon)",
        "w = ... makes a new array, and the model's parameter stays as it was. Write into the array"
        " that you were given: w -= ...",
    ),
    Mistake(
        f"{M}\n    {V}",
        "m += beta1 * m + (1 - beta1) * dw\n    v += beta2 * v + (1 - beta2) * dw**2",
        "m += β₁ m + ... keeps all of the old m, and adds β₁ m to it. Only the share β₁ is to stay:"
        " m[...] = β₁ m + ..., or m *= β₁ first. The same with v.",
    ),
    Mistake(
        f"{M}\n    {V}",
        "m += dw - (1 - beta1) * m\n    v += dw**2 - (1 - beta2) * v",
        "The new gradient lacks its share: 1 - β₁ of dw, and 1 - β₂ of dw². The shares of a mean"
        " sum to 1.",
    ),
    Mistake(
        f"{M_HAT}\n    {V_HAT}",
        "m /= 1 - beta1**t\n    v /= 1 - beta2**t\n    m_hat = m\n    v_hat = v",
        "The correction is written into m and v, so that the next step begins with corrected means"
        " and corrects them again. m_hat and v_hat are new arrays; m and v stay as they are.",
    ),
    Mistake(
        W,
        "w -= lr * m_hat / np.sqrt(v_hat) + epsilon",
        "ε is taken away from w, because Python divides before it adds. Put brackets around the"
        " sum: / (√v̂ + ε).",
    ),
]
