"""What goes wrong with LayerNorm: one of the three ways is forgotten, most of all."""

from npgpt_learn import Mistake

DX = "dx = rstd * (dx_hat - mean - x_hat * along)"
ALONG = "along = (dx_hat * x_hat).mean(axis=-1, keepdims=True)"
MEAN = "mean = dx_hat.mean(axis=-1, keepdims=True)"
MEANS = f"{MEAN}\n    {ALONG}"
DGAMMA = "dgamma += (dy * x_hat).sum(axis=0)"

MISTAKES = [
    Mistake(
        DX,
        "dx = rstd * dx_hat",
        "dx has one of three ways. mean and rstd are taken as constants, but both are made of x:"
        " two terms of dx̂ are to be taken away, its mean, and what of it lies along x̂.",
    ),
    Mistake(
        DX,
        "dx = rstd * (dx_hat - x_hat * along)",
        "dx lacks the way through the mean: when one x grows, the mean of its row grows, and all x̂"
        " of the row fall. Take the mean of dx̂ away.",
    ),
    Mistake(
        DX,
        "dx = rstd * (dx_hat - mean)",
        "dx lacks the way through rstd: when one x grows, the spread of its row changes, and with"
        " it all x̂ of the row. Take x̂ · mean(dx̂ · x̂) away.",
    ),
    Mistake(
        DX,
        "dx = dx_hat - mean - x_hat * along",
        "dx lacks rstd: x̂ = u · rstd grows rstd times as fast as u does.",
    ),
    Mistake(
        DX,
        "dx = dx_hat * rstd - mean - x_hat * along",
        "rstd stands at the first term only. All three ways go through it: brackets around the"
        " three.",
    ),
    Mistake(
        DX,
        "dx = rstd * (dx_hat - mean + x_hat * along)",
        "The term of rstd has the wrong sign: the slope of rstd = v^(-1/2) is below 0, so it is"
        " taken away.",
    ),
    Mistake(
        DX,
        "dx = rstd * (dx_hat - mean - along)",
        "The term of rstd lacks the factor x̂: how much x[n, c] moves the spread depends on how far"
        " from the mean it lies.",
    ),
    Mistake(
        "dx_hat = dy * gamma",
        "dx_hat = dy",
        "dx lacks γ. First go back through y = γ x̂ + β: dx̂ = dy · γ.",
    ),
    Mistake(
        MEAN,
        "mean = dx_hat.sum(axis=-1, keepdims=True)",
        "There is a sum of dx̂ where its mean should be: the mean of x has a 1/C in it.",
    ),
    Mistake(
        MEAN,
        "mean = dx_hat.mean(axis=0, keepdims=True)",
        "The mean of dx̂ is taken over the rows, but LayerNorm goes along each row: axis=-1.",
    ),
    Mistake(
        ALONG,
        "along = (dx_hat * x_hat).sum(axis=-1, keepdims=True)",
        "There is a sum of dx̂ · x̂ where its mean should be: the variance has a 1/C in it.",
    ),
    Mistake(
        ALONG,
        "along = (dy * x_hat).mean(axis=-1, keepdims=True)",
        "The term of rstd is made of dy, and should be made of dx̂ = dy · γ.",
    ),
    Mistake(
        DGAMMA,
        "dgamma += dy.sum(axis=0)",
        "dγ lacks the factor x̂: γ multiplies x̂, so that is its slope.",
    ),
    Mistake(
        DGAMMA,
        "dgamma += (dy * x_hat).mean(axis=0)",
        "dγ is a mean over the rows, and should be a sum: γ is used for every row, and ways are"
        " added.",
    ),
    Mistake(
        DGAMMA,
        "dgamma += (dy * x_hat * gamma).sum(axis=0)",
        "dγ has a factor γ: the slope of γ · x̂ for γ is x̂ alone.",
    ),
    Mistake(
        MEANS,
        "mean = dx_hat.sum(axis=-1, keepdims=True)\n"
        "    along = (dx_hat * x_hat).sum(axis=-1, keepdims=True)",
        "There are two sums where means should be: the mean of x has a 1/C in it, and so has its"
        " variance.",
    ),
    Mistake(
        MEANS,
        "mean = dx_hat.mean(axis=0, keepdims=True)\n"
        "    along = (dx_hat * x_hat).mean(axis=0, keepdims=True)",
        "The means are taken over the rows, but LayerNorm goes along each row: axis=-1.",
    ),
    Mistake(
        f"dx_hat = dy * gamma\n    {MEANS}\n    {DX}",
        "mean = dy.mean(axis=-1, keepdims=True)\n"
        "    along = (dy * x_hat).mean(axis=-1, keepdims=True)\n"
        "    dx = gamma * rstd * (dy - mean - x_hat * along)",
        "γ is multiplied last, and belongs first: y = γ x̂ + β comes after x̂, so backward begins"
        " with it. dx̂ = dy · γ, and both means are of dx̂.",
    ),
]
