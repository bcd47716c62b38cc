"""What goes wrong with sampling."""

from npgpt_learn import Mistake

Z = "z = (logits - logits.max()) / temperature"
SHARES = "    p = e / e.sum()"
TOP_K = "likeliest = np.argsort(-p)[:k]"
TOP_P = "likeliest = order[before < mass]"
BEFORE = "before = np.cumsum(p[order]) - p[order]"
TOKEN = 'token = int(np.searchsorted(np.cumsum(p), u, side="right"))'
REST_K = f"""{TOP_K}
    kept = np.zeros(p.shape)
    kept[likeliest] = p[likeliest]
    kept /= kept.sum()"""
REST_P = f"""{TOP_P}
    kept = np.zeros(p.shape)
    kept[likeliest] = p[likeliest]
    kept /= kept.sum()"""

MISTAKES = [
    Mistake(
        Z,
        "z = (logits - logits.max()) * temperature",
        "Temperature multiplies here, and is to divide: a high one makes the logits more alike, and"
        " the text wilder.",
    ),
    Mistake(
        Z,
        "z = logits / temperature",
        "exp of a large logit is infinite. Softmax stays the same when all logits are moved, so"
        " take the largest away first: then no exponent is above 0.",
    ),
    Mistake(
        f"{Z}\n    e = np.exp(z)",
        "z = logits - logits.max()\n    e = np.exp(z) / temperature",
        "Temperature divides the exponentials, and cancels in the softmax. Divide the logits,"
        " before exp.",
    ),
    Mistake(
        f"{Z}\n    e = np.exp(z)",
        "e = np.exp(logits / temperature - logits.max())",
        "The largest logit is taken away undivided: at a low temperature exp is infinite still."
        " Take it away first, then divide.",
    ),
    Mistake(
        SHARES,
        "    p = e",
        "p does not sum to 1: divide by the sum of the exponentials.",
    ),
    Mistake(
        TOP_K,
        "likeliest = np.argsort(p)[:k]",
        "top_k keeps the k unlikeliest: argsort begins with the smallest. Sort -p, or take the last"
        " k.",
    ),
    Mistake(
        REST_K,
        "kept = np.where(p > np.sort(p)[-k], p, 0)\n    kept /= kept.sum()",
        "top_k keeps k - 1 tokens: the k-th largest is one of the k, so >= and not >.",
    ),
    Mistake(
        REST_K,
        REST_K.replace("\n    kept /= kept.sum()", ""),
        "After top_k the probabilities do not sum to 1: divide what is kept by its sum.",
    ),
    Mistake(
        REST_K,
        "kept = np.sort(p)[::-1] * (np.arange(len(p)) < k)\n    kept /= kept.sum()",
        "top_k gives the probabilities in the order of their size. Each must stay with its token:"
        " kept[i] belongs to id i.",
    ),
    Mistake(
        BEFORE,
        "before = np.cumsum(p[order])",
        "top_p leaves out the token with which the mass is reached, and keeps none at all if one"
        " has enough. A token is kept if the likelier ones alone do not have the mass yet.",
    ),
    Mistake(
        f"{BEFORE}\n    {TOP_P}",
        "likeliest = order[: np.sum(np.cumsum(p[order]) < mass) + 2]",
        "top_p keeps one token too many: stop with the one that reaches the mass.",
    ),
    Mistake(
        REST_P,
        "likeliest = before < mass\n    kept = np.where(likeliest, p, 0)\n    kept /= kept.sum()",
        "top_p mixes up two orders: before is sorted by size, p by id. order says which id is"
        " where: order[before < mass] are ids.",
    ),
    Mistake(
        REST_P,
        REST_P.replace("\n    kept /= kept.sum()", ""),
        "After top_p the probabilities do not sum to 1: divide what is kept by its sum.",
    ),
    Mistake(
        "order = np.argsort(-p)",
        "order = np.argsort(p)",
        "top_p begins with the unlikeliest token: argsort begins with the smallest. Sort -p.",
    ),
    Mistake(
        TOKEN,
        "token = int(np.argmax(p))",
        "This takes the likeliest token, whatever u is. Draw: each token is to come as often as p"
        " says.",
    ),
    Mistake(
        TOKEN,
        "token = int(np.argmin(abs(np.cumsum(p) - u)))",
        "This takes the token whose end is nearest to u. Take the one in whose share u lies: the"
        " first whose running sum is above u.",
    ),
    Mistake(
        TOKEN,
        'token = int(np.searchsorted(np.cumsum(p), u, side="right")) - 1',
        "The token before is taken. The share of token i goes from the running sum before it to its"
        " own: take the first whose running sum is above u.",
    ),
    Mistake(
        TOKEN,
        "token = int(np.searchsorted(p, u))",
        "u is compared with the probabilities. Lay them end to end: their running sum says where"
        " each share ends.",
    ),
]
