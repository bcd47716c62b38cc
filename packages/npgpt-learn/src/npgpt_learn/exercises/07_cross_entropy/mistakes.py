"""What goes wrong with the loss."""

from npgpt_learn import Mistake

Z = "z = logits - logits.max(axis=-1, keepdims=True)"
LOG_P = "log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))"
LOSS = "loss = -log_p[n, targets].mean()"

MISTAKES = [
    Mistake(
        Z,
        "z = logits",
        "exp(1000) is too large for a float. Softmax stays the same when a whole row is moved, so"
        " take the largest number of each row away first: then no exponent is above 0.",
    ),
    Mistake(
        LOG_P,
        "log_p = np.log(np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True))",
        "A probability may round to 0, and log 0 is -inf. Exponential and logarithm cancel on"
        " paper: log p = z - log Σ exp(z), which never takes the logarithm of 0.",
    ),
    Mistake(
        f"{Z}\n    {LOG_P}",
        "e = np.exp(logits)\n    log_p = np.log(e / e.sum(axis=-1, keepdims=True))",
        "exp(1000) is too large for a float, and a p that is rounded to 0 has the logarithm -inf."
        " Take the largest of each row away first, z = logits - max, and cancel exponential and"
        " logarithm on paper: log p = z - log Σ exp(z).",
    ),
    Mistake(
        LOSS,
        "loss = -log_p[:, targets].mean()",
        "log_p[:, targets] takes these columns in every row. Each row has one target:"
        " log_p[n, targets], with n = 0, 1, 2, ...",
    ),
    Mistake(
        LOSS,
        "loss = -log_p[n, targets].sum()",
        "The loss is a sum, and should be the mean over the N rows: it must not grow with the"
        " batch.",
    ),
    Mistake(
        LOSS,
        "loss = log_p[n, targets].mean()",
        "The loss has the wrong sign: log p is below 0, and the less likely the target, the larger"
        " the loss.",
    ),
    Mistake(
        LOSS,
        "loss = -log_p.mean()",
        "The loss is a mean over all classes. Only the probability of the target that came counts:"
        " log_p[n, targets], one number for each row.",
    ),
    Mistake(
        "dlogits /= len(targets)",
        "pass",
        "dlogits is N times too large: the loss is a mean over N rows, so each row has the share"
        " 1/N.",
    ),
    Mistake(
        "dlogits /= len(targets)",
        "dlogits /= dlogits.size",
        "dlogits is divided by N · V. The loss is a mean over the N rows, not over the classes.",
    ),
    Mistake(
        "dlogits[n, targets] -= 1",
        "dlogits = 0 * p\n    dlogits[n, targets] = p[n, targets] - 1",
        "Only the logit of the target has a gradient here. The others have one too: raising them"
        " lowers the probability of the target. For all classes it is p, minus 1 at the target.",
    ),
    Mistake(
        "dlogits[n, targets] -= 1",
        "dlogits[n, targets] += 1",
        "The 1 at the target has the wrong sign: p - 1 there, what the model said minus what came.",
    ),
    Mistake(
        "dlogits[n, targets] -= 1",
        "dlogits = -dlogits\n    dlogits[n, targets] += 1",
        "dlogits has the wrong sign everywhere: it is what the model said minus what came, p minus"
        " 1 at the target.",
    ),
    Mistake(
        "dlogits[n, targets] -= 1",
        "dlogits[:, targets] -= 1",
        "[:, targets] takes these columns in every row. Each row has one target: [n, targets], with"
        " n = 0, 1, 2, ...",
    ),
    Mistake(
        "dlogits[n, targets] -= 1",
        "dlogits -= 1",
        "1 is taken away from every class, but only the target is the one that came.",
    ),
]
