"""What goes wrong with s · x²."""

from npgpt_learn import Mistake

MISTAKES = [
    Mistake(
        "ds += (dy * x**2).sum(axis=0)",
        "ds[...] = (dy * x**2).sum(axis=0)",
        "ds is written over, and what was in it is lost. Gradients of parameters are added to:"
        " ds += ...",
    ),
    Mistake(
        "ds += (dy * x**2).sum(axis=0)",
        "ds = ds + (dy * x**2).sum(axis=0)",
        "The caller's ds is as it was. ds = ... makes a new array of that name, also if ds + ..."
        " stands there. Write into the array that you were given: ds += ...",
    ),
    Mistake(
        "ds += (dy * x**2).sum(axis=0)",
        "ds += dy * x**2",
        "ds lacks the sum. One s is used for every row of its column, so there are N ways from s"
        " to the loss. Add them: sum over the rows, axis=0.",
    ),
    Mistake(
        "ds += (dy * x**2).sum(axis=0)",
        "ds += (dy * x**2).sum(axis=1)",
        "ds is summed over the wrong axis. s has one number for each column, so the rows (axis 0)"
        " are to go.",
    ),
    Mistake(
        "ds += (dy * x**2).sum(axis=0)",
        "ds += (dy * x**2).sum()",
        "ds has the same number everywhere: it is summed over all axes, but only the rows are to"
        " go. Each column of s has a sum of its own: axis=0.",
    ),
    Mistake(
        "ds += (dy * x**2).sum(axis=0)",
        "ds += (dy * x**2).mean(axis=0)",
        "ds is a mean over the rows, and should be a sum: each row is one more way from s to the"
        " loss, and ways are added.",
    ),
    Mistake(
        "ds += (dy * x**2).sum(axis=0)",
        "ds += (x**2).sum(axis=0)",
        "ds lacks dy. x² says how fast y grows with s; how fast the loss grows with y is dy. Chain"
        " rule: multiply the two, then sum.",
    ),
    Mistake(
        "dx = dy * s * 2 * x",
        "dx = s * 2 * x",
        "dx lacks dy. s · 2x says how fast y grows with x; how fast the loss grows with y is dy."
        " Chain rule: multiply the two.",
    ),
    Mistake(
        "dx = dy * s * 2 * x",
        "dx = dy * s * x",
        "dx lacks the 2: the derivative of x² is 2x.",
    ),
    Mistake(
        "dx = dy * s * 2 * x",
        "dx = dy * 2 * x",
        "dx lacks s: y = s · x² grows s times as fast as x² does.",
    ),
    Mistake(
        "dx = dy * s * 2 * x",
        "dx = dy * s * x**2",
        "dx has x² itself, and should have its derivative, 2x.",
    ),
]
