"""What goes wrong with attention: (T, T) fits whether it is transposed or not."""

from npgpt_learn import Mistake

DS = "ds = a * (da - (da * a).sum(axis=-1, keepdims=True))"
DQ = "dq = ds @ k * scale"
DK = "dk = ds.T @ q * scale"

MISTAKES = [
    Mistake(
        "dv = a.T @ dy",
        "dv = a @ dy",
        "dv lacks the transpose. a has a row for each query and a column for each key; v[s] is"
        " taken by all queries t with the share a[t, s], so dv[s] = Σ_t a[t, s] dy[t]: aᵀ dy. The"
        " shapes cannot tell, because a is square.",
    ),
    Mistake(
        DK,
        "dk = ds @ q * scale",
        "dk lacks the transpose of ds. ds has queries as rows and keys as columns, and dk needs a"
        " row for each key: dsᵀ q. The shapes cannot tell, because ds is square.",
    ),
    Mistake(
        DQ,
        "dq = ds.T @ k * scale",
        "dq has the transpose of ds. ds has a row for each query, as dq has: dq = ds k.",
    ),
    Mistake(
        DS,
        "ds = da",
        "The softmax is left out: da is the gradient of its output, and the scores stand before it."
        " Go back through it as in exercise 6: ds = a · (da - Σ da · a).",
    ),
    Mistake(
        DS,
        "ds = a * da",
        "ds lacks the sum: a score that grows lowers the shares of all other keys of its query."
        " ds = a · (da - Σ da · a), the sum along each row.",
    ),
    Mistake(
        DS,
        "ds = a * (da - (da * a).sum(axis=0, keepdims=True))",
        "The sum of the softmax goes over the queries. Each query has a softmax of its own, over"
        " the keys: sum along each row, axis=-1.",
    ),
    Mistake(
        DS,
        "ds = a * (da - (da * a).sum(axis=-1))",
        "The sum of the softmax has the shape (T,), and NumPy lays it along the keys. Keep the"
        " axis, so that each query gets its own: keepdims=True.",
    ),
    Mistake(
        DQ,
        "dq = ds @ k",
        "dq is √D times too large: the scores are q kᵀ / √D.",
    ),
    Mistake(
        DK,
        "dk = ds.T @ q",
        "dk is √D times too large: the scores are q kᵀ / √D.",
    ),
    Mistake(
        DQ,
        "dq = ds @ q * scale",
        "dq is made of q. In q kᵀ the slope for q is k: dq = ds k / √D.",
    ),
    Mistake(
        DK,
        "dk = ds.T @ k * scale",
        "dk is made of k. In q kᵀ the slope for k is q: dk = dsᵀ q / √D.",
    ),
]
