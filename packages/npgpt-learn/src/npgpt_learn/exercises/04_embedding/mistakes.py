"""What goes wrong with a table."""

from npgpt_learn import Mistake

LOOP = """for n in range(len(ids)):
        dW[ids[n]] += dy[n]"""
LINE = "dW[ids[n]] += dy[n]"

MISTAKES = [
    Mistake(
        LOOP,
        "dW[ids] += dy",
        "dW lacks something where an id is there twice. dW[ids] += dy reads all rows, adds, then"
        " writes all rows: of two rows with the same id the last one wins. Add them one after the"
        " other, in a loop or with np.add.at(dW, ids, dy).",
    ),
    Mistake(
        LOOP,
        "dW[ids] = dy",
        "dW is written over: what was there is lost, and of an id that is there twice only the"
        " last row stays. Add each row: dW[ids[n]] += dy[n].",
    ),
    Mistake(
        LINE,
        "dW[n] += dy[n]",
        "dy[n] is added to row n of dW, but y[n] came from row ids[n] of W. What was picked goes"
        " back to where it came from: dW[ids[n]].",
    ),
    Mistake(
        LINE,
        "dW[ids[n]] += dy[n] / (ids == ids[n]).sum()",
        "dW has the mean over the places of an id, and should have the sum: each place is one more"
        " way from that row to the loss, and ways are added.",
    ),
    Mistake(
        LINE,
        "dW[ids[n]] += dy[ids[n]]",
        "dy is indexed with ids too. dy has a row for each place n, and not for each id: dy[n].",
    ),
    Mistake(
        LINE,
        "dW[ids[n]] += dy.sum(axis=0)",
        "Every id gets the sum of all of dy. Row ids[n] was used for y[n] alone: it gets dy[n].",
    ),
]
