"""What goes wrong with RMSNorm and rotary positions."""

from npgpt_learn import Mistake

DGAMMA = "dgamma += (dy * x_hat).sum(axis=0)"
DX = "dx = rrms * (dx_hat - x_hat * along)"
ALONG = "along = (dx_hat * x_hat).mean(axis=-1, keepdims=True)"
Y_1, Y_2 = "y_1 = x_1 * cos - x_2 * sin", "y_2 = x_1 * sin + x_2 * cos"
DX_1, DX_2 = "dx_1 = dy_1 * cos + dy_2 * sin", "dx_2 = dy_2 * cos - dy_1 * sin"

MISTAKES = [
    Mistake(
        DGAMMA,
        "dgamma += dy.sum(axis=0)",
        "dgamma lacks x̂: y = γ x̂, so the slope for γ is x̂. Multiply dy by it, then sum over the"
        " rows.",
    ),
    Mistake(
        DGAMMA,
        "dgamma[...] = (dy * x_hat).sum(axis=0)",
        "dgamma is written over. Gradients of parameters are added to: dgamma += ...",
    ),
    Mistake(
        "dx_hat = dy * gamma",
        "dx_hat = dy",
        "dx lacks γ: y = γ x̂, so the gradient of x̂ is dy · γ.",
    ),
    Mistake(
        DX,
        "dx = rrms * dx_hat",
        "dx has one way only. Every number of a row also changes the row's root mean square, and"
        " with it all numbers of the row: x̂ · mean(dx̂ x̂) is to be taken away.",
    ),
    Mistake(
        DX,
        "dx = rrms * (dx_hat - dx_hat.mean(axis=-1, keepdims=True) - x_hat * along)",
        "dx takes the mean of dx̂ away, as in LayerNorm. RMSNorm does not subtract the mean, so it"
        " has no such way.",
    ),
    Mistake(
        ALONG,
        "along = (dx_hat * x_hat).sum(axis=-1, keepdims=True)",
        "The second term has a sum in the place of a mean: the root mean square has 1/C in it.",
    ),
    Mistake(
        ALONG,
        "along = (dy * x_hat).mean(axis=-1, keepdims=True)",
        "The second term is made of dy. γ stands between x̂ and y: take dx̂ = dy · γ in both terms.",
    ),
    Mistake(
        DX,
        "dx = dx_hat - x_hat * along",
        "dx lacks 1/rms: x̂ is x / rms.",
    ),
    Mistake(
        f"{Y_1}\n    {Y_2}",
        "y_1 = x_1 * cos + x_2 * sin\n    y_2 = x_2 * cos - x_1 * sin",
        "The points are turned the other way round, by -angle. The minus belongs to the first half:"
        " x₁ cos - x₂ sin, x₁ sin + x₂ cos.",
    ),
    Mistake(
        Y_2,
        "y_2 = y_1 * sin + x_2 * cos",
        "The second half is made of y₁, which is turned already. Both halves are made of x.",
    ),
    Mistake(
        Y_2,
        "y_2 = x_1 * sin - x_2 * cos",
        "The second half has a wrong sign: it is x₁ sin + x₂ cos. Only then the length stays.",
    ),
    Mistake(
        f"{DX_1}\n    {DX_2}",
        "dx_1 = dy_1 * cos - dy_2 * sin\n    dx_2 = dy_1 * sin + dy_2 * cos",
        "dx is turned forward once more. A gradient goes back: turn dy by -angle. The matrix of the"
        " turn is transposed, so the sines change their sign.",
    ),
    Mistake(
        f"{DX_1}\n    {DX_2}",
        "dx_1 = dy_1 * cos\n    dx_2 = dy_2 * cos",
        "dx has one way for each half. x₁ is in y₁ (with cos) and in y₂ (with sin): two ways, two"
        " terms. So is x₂.",
    ),
    Mistake(
        f"{DX_1}\n    {DX_2}",
        "dx_1 = dy_1 / cos\n    dx_2 = dy_2 / cos",
        "To turn back is not to divide by the cosine. Each of x₁ and x₂ has a way through both"
        " halves of y: multiply along a way, add over the ways.",
    ),
]
