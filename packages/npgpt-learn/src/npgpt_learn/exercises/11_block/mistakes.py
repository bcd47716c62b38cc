"""What goes wrong with residuals."""

from npgpt_learn import Mistake

DU = "du = dy + ln_2.backward(feedforward.backward(dy))"
DX = "dx = du + ln_1.backward(attention.backward(du))"

BOTH = f"{DU}\n    # Yours: dx (T, C), a new array\n    {DX}"

MISTAKES = [
    Mistake(
        DU,
        "du = ln_2.backward(feedforward.backward(dy))",
        "du has lost the straight way: u goes to y through the branch, and past it, as it is. Two"
        " ways, so two terms: dy itself, plus what comes through the branch.",
    ),
    Mistake(
        DX,
        "dx = ln_1.backward(attention.backward(du))",
        "dx has lost the straight way: x goes to u through the branch, and past it, as it is. Two"
        " ways, so two terms: du itself, plus what comes through the branch.",
    ),
    Mistake(
        DU,
        "du = dy + feedforward.backward(ln_2.backward(dy))",
        "The second branch is gone through in the wrong order. ln_2 came first, feedforward last;"
        " backward begins with the last: ln_2.backward(feedforward.backward(dy)).",
    ),
    Mistake(
        DX,
        "dx = du + attention.backward(ln_1.backward(du))",
        "The first branch is gone through in the wrong order. ln_1 came first, attention last;"
        " backward begins with the last: ln_1.backward(attention.backward(du)).",
    ),
    Mistake(
        DX,
        "dx = du + ln_1.backward(attention.backward(dy))",
        "The first branch gets dy. What it gave was added to make u, not y: its gradient is du.",
    ),
    Mistake(
        DX,
        "dx = dy + ln_1.backward(attention.backward(du))",
        "dx adds dy in the place of du. x is a part of u, and all that u does to the loss is du:"
        " with dy alone the way through the second branch is lost.",
    ),
    Mistake(
        DX,
        "dx = dy + du + ln_1.backward(attention.backward(du))",
        "dx has dy twice: it is in du already. x has two ways, into u as it is and through the"
        " first branch.",
    ),
    Mistake(
        DU,
        "du = dy + ln_1.backward(attention.backward(dy))",
        "The two branches have changed places. The second one, ln_2 and feedforward, stands next to"
        " y: backward goes through it first.",
    ),
    Mistake(
        DU,
        "du = dy + dy * ln_2.backward(feedforward.backward(dy))",
        "du multiplies by dy once too often: backward of a layer takes the gradient of its output"
        " and has the chain rule in it already. What it returns is only to be added.",
    ),
    Mistake(
        BOTH,
        "du = ln_2.backward(feedforward.backward(dy))\n"
        "    dx = ln_1.backward(attention.backward(du))",
        "The straight way is lost, twice. Each branch is added to the stream, so there are two ways"
        " back: past the branch, where the gradient stays as it is, and through it. Add them.",
    ),
    Mistake(
        BOTH,
        "du = dy + feedforward.backward(ln_2.backward(dy))\n"
        "    dx = du + attention.backward(ln_1.backward(du))",
        "Both branches are gone through in the wrong order. The LayerNorm came first, so its"
        " backward comes last: ln_2.backward(feedforward.backward(dy)), and the same with ln_1.",
    ),
    Mistake(
        BOTH,
        "du = dy + feedforward.backward(dy)\n    dx = du + attention.backward(du)",
        "The LayerNorms are left out. Each stands between the stream and its branch, and has a"
        " backward of its own.",
    ),
    Mistake(
        DX,
        "dx = dy + ln_2.backward(feedforward.backward(dy)) + ln_1.backward(attention.backward(du))",
        "A backward is called twice. A layer keeps what it needs for one call; du has that result,"
        " so go on from du.",
    ),
]
