"""What goes wrong with a linear layer."""

from npgpt_learn import Mistake

MISTAKES = [
    Mistake(
        "dW += x.T @ dy",
        "dW[...] = x.T @ dy",
        "dW is written over. Others may have added to it before you: this layer may stand in two"
        " places, and a batch may come in parts. Add to it: dW += ...",
    ),
    Mistake(
        "dW += x.T @ dy",
        "dW = dW + x.T @ dy",
        "The caller's dW is as it was. dW = ... makes a new array of that name, also if dW + ..."
        " stands there. Write into the array that you were given: dW += ...",
    ),
    Mistake(
        "dW += x.T @ dy",
        "dW += dy.T @ x",
        "dW has the factors the wrong way round: dyᵀ x has the shape (O, I), and W is (I, O). A"
        " gradient has the shape of its array: dW = xᵀ dy.",
    ),
    Mistake(
        "dW += x.T @ dy",
        "dW += x.T @ dy / len(x)",
        "dW is a mean over the rows, and should be a sum: each row is one more way from W to the"
        " loss, and ways are added. If the loss is a mean, dy has its 1/N already.",
    ),
    Mistake(
        "db += dy.sum(axis=0)",
        "db += dy",
        "db has no sum. One b is added to every row of y, so every row of dy reports to it: sum"
        " dy over the rows.",
    ),
    Mistake(
        "db += dy.sum(axis=0)",
        "db += dy.sum(axis=1)",
        "db is summed over the wrong axis. b has one number for each column, so the rows (axis 0)"
        " are to go.",
    ),
    Mistake(
        "db += dy.sum(axis=0)",
        "db += dy.mean(axis=0)",
        "db is the mean of the rows of dy, and should be their sum: ways to the loss are added,"
        " not averaged.",
    ),
    Mistake(
        "db += dy.sum(axis=0)",
        "db += dy.sum()",
        "db has the same number everywhere: dy is summed over all axes, but only the rows are to"
        " go. Each column of b has a sum of its own: axis=0.",
    ),
    Mistake(
        "dx = dy @ W.T",
        "dx = dy @ W",
        "dx needs the transpose: dy is (N, O) and W is (I, O), and only dy Wᵀ has the shape of x.",
    ),
    Mistake(
        "dx = dy @ W.T",
        "dx = W @ dy.T",
        "dx lies the wrong way round: W dyᵀ is (I, N), and x is (N, I). Turn the whole product:"
        " (W dyᵀ)ᵀ = dy Wᵀ.",
    ),
]
