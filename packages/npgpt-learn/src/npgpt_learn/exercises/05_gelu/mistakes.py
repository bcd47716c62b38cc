"""What goes wrong with the product rule, and with the chain in one of its factors."""

from npgpt_learn import Mistake

DX = "dx = dy * ((1 + t) / 2 + x * dt / 2)"
DT = "dt = (1 - t**2) * du"
DU = "du = SCALE * (1 + 3 * CUBIC * x**2)"

MISTAKES = [
    Mistake(
        DX,
        "dx = dy * (1 + t) / 2",
        "dx has one of two terms. In y = x · (1 + t)/2 both factors depend on x. Product rule: the"
        " slope of the first times the second, plus the first times the slope of the second.",
    ),
    Mistake(
        DX,
        "dx = dy * x * dt / 2",
        "dx lacks the term of the first factor: the slope of x is 1, so (1 + t)/2 is to be added.",
    ),
    Mistake(
        DX,
        "dx = dy * (1 + t) / 2 * x * dt / 2",
        "The two terms of the product rule are multiplied, and should be added: x reaches y in two"
        " ways, and ways are added.",
    ),
    Mistake(
        DX,
        "dx = dy * ((1 + t) / 2 + x * dt)",
        "The second term lacks its 1/2: the second factor is (1 + t)/2, so its slope is dt/2.",
    ),
    Mistake(
        DX,
        "dx = (1 + t) / 2 + x * dt / 2",
        "dx is the slope of GELU alone, without dy. Chain rule: how fast the loss grows with y,"
        " times how fast y grows with x.",
    ),
    Mistake(
        DX,
        "dx = dy * (1 + t) / 2 + x * dt / 2",
        "dy stands at the first term only. It belongs to both: brackets around the sum.",
    ),
    Mistake(
        DT,
        "dt = 1 - t**2",
        "The slope of tanh(u) with respect to x lacks the slope of what is inside, u = SCALE · (x +"
        " CUBIC · x³). Chain rule: (1 - t²) times that.",
    ),
    Mistake(
        DT,
        "dt = (1 - t) * du",
        "The slope of tanh is 1 - t², not 1 - t.",
    ),
    Mistake(
        DT,
        "dt = (1 - t) ** 2 * du",
        "The slope of tanh is 1 - t², not (1 - t)²: only t is squared.",
    ),
    Mistake(
        DT,
        "dt = (1 + t**2) * du",
        "The slope of tanh is 1 - t², with a minus: it is flat where t is near 1 or -1.",
    ),
    Mistake(
        DT,
        "dt = t * (1 - t) * du",
        "t · (1 - t) is the slope of the logistic function. That of tanh is 1 - t².",
    ),
    Mistake(
        DU,
        "du = SCALE * (1 + CUBIC * x**2)",
        "The slope of CUBIC · x³ lacks its 3: it is 3 · CUBIC · x².",
    ),
    Mistake(
        DU,
        "du = 1 + 3 * CUBIC * x**2",
        "The slope of u lacks SCALE, which multiplies all of u.",
    ),
    Mistake(
        DU,
        "du = SCALE",
        "u = SCALE · (x + CUBIC · x³) has two terms, and the slope of the second is missing: 3 ·"
        " CUBIC · x².",
    ),
]
