"""What goes wrong with softmax."""

from npgpt_learn import Mistake

DX = "dx = y * (dy - along)"
ALONG = "along = (dy * y).sum(axis=-1, keepdims=True)"

MISTAKES = [
    Mistake(
        DX,
        "dx = y * dy",
        "dx lacks the second way. x[n, i] raises its own y, but it also raises the sum below the"
        " line, and so lowers all others: y · dy minus y · Σ dy · y.",
    ),
    Mistake(
        DX,
        "dx = y * (1 - y) * dy",
        "dx has the slope of each y for its own x alone, y (1 - y). But x[n, i] lowers all the"
        " other y of its row too: their slope is -y[n, i] y[n, j]. Add them.",
    ),
    Mistake(
        DX,
        "dx = dy - y * along",
        "The first term lacks a factor y: the slope of y[i] for its own x is y[i] · (1 - y[i]), and"
        " not 1 - y[i]. So y · (dy - Σ), with y before the brackets.",
    ),
    Mistake(
        DX,
        "dx = y * (dy + along)",
        "The second term has the wrong sign: a larger x lowers the other y of its row.",
    ),
    Mistake(
        DX,
        "dx = dy - along",
        "dx lacks the factor y. All slopes of y[i] have it: y[i] · (1 - y[i]) and -y[i] · y[j].",
    ),
    Mistake(
        ALONG,
        "along = dy.sum(axis=-1, keepdims=True)",
        "The sum lacks y: each dy[n, j] comes with the slope -y[n, i] y[n, j], so sum dy · y.",
    ),
    Mistake(
        ALONG,
        "along = (dy * y).mean(axis=-1, keepdims=True)",
        "There is a mean where a sum should be: ways to the loss are added, not averaged.",
    ),
    Mistake(
        ALONG,
        "along = (dy * y).sum(axis=0, keepdims=True)",
        "The sum is over the rows, but softmax goes along each row: sum over the last axis.",
    ),
    Mistake(
        ALONG,
        "along = (dy * y).sum(axis=-1)",
        "The sum has the shape (N,), and NumPy lays that along the columns. Keep the axis, so that"
        " each row gets its own sum: keepdims=True.",
    ),
    Mistake(
        ALONG,
        "along = (dy * y).sum()",
        "There is one sum for all rows. Each row of a softmax is by itself: sum over axis=-1 with"
        " keepdims=True.",
    ),
]
