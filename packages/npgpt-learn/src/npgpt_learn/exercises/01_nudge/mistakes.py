"""What goes wrong with central differences."""

from npgpt_learn import Mistake

MISTAKES = [
    Mistake(
        "gradient[i] = (up - down) / (2 * epsilon)",
        "gradient[i] = (up - down) / epsilon",
        "gradient is twice too large: from x - ε to x + ε it is 2 ε. Divide by 2 * epsilon.",
    ),
    Mistake(
        "gradient[i] = (up - down) / (2 * epsilon)",
        "gradient[i] = (up - down) / 2 * epsilon",
        "(up - down) / 2 * epsilon divides by 2, then multiplies by ε, because Python goes from"
        " left to right. Put brackets around the product: / (2 * epsilon).",
    ),
    Mistake(
        "gradient[i] = (up - down) / (2 * epsilon)",
        "gradient[i] = (down - up) / (2 * epsilon)",
        "gradient has the wrong sign: it is how much f grows when x grows, so up minus down.",
    ),
    Mistake(
        "gradient[i] = (up - down) / (2 * epsilon)",
        "gradient[i] = up - down",
        "gradient is a difference, and should be a slope: divide by how far x was moved in all,"
        " 2 * epsilon.",
    ),
    Mistake(
        """down = f(x)
        x[i] = value
        gradient[i] = (up - down) / (2 * epsilon)""",
        """x[i] = value
        down = f(x)
        gradient[i] = (up - down) / epsilon""",
        "These are one-sided differences, from x to x + ε. They are off by about ε times the"
        " curvature. From x - ε to x + ε, what the curve bends cancels: move x both ways.",
    ),
    Mistake(
        """x[i] = value
        gradient""",
        """gradient""",
        "x[i] stays moved: put the old value back before you go on to the next number. Else all the"
        " later differences are taken at another place, and the caller's x is changed.",
    ),
    Mistake(
        "x[i] = value - epsilon",
        "x[i] -= epsilon",
        "After x[i] += ε, x[i] -= ε leads back to x, not to x - ε: keep the old value, and set"
        " x[i] = value - epsilon.",
    ),
    Mistake(
        """value = x[i]
        x[i] = value + epsilon
        up = f(x)
        x[i] = value - epsilon
        down = f(x)
        x[i] = value
        gradient""",
        """up = f(x + epsilon)
        down = f(x - epsilon)
        gradient""",
        "All numbers of x are moved at once, so every place gets the same: the sum of all slopes."
        " Move x[i] only, while all others stay.",
    ),
    Mistake(
        """value = x[i]
        x[i] = value + epsilon
        up = f(x)
        x[i] = value - epsilon
        down = f(x)
        x[i] = value
        gradient[i] = (up - down)""",
        """up = down = x
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (f(up) - f(down))""",
        "up = x makes no copy: it is one more name of the same array, and what is written into one"
        " is in both. Move x[i] itself and put it back, or copy: x.copy().",
    ),
]
