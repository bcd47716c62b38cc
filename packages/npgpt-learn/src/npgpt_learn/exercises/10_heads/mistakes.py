"""What goes wrong with heads: a reshape takes any shape that has as many numbers."""

from npgpt_learn import Mistake

Z = "z = x.reshape(n_rows, n_head, n_channels // n_head).swapaxes(0, 1)"
DX = "dx = dz.swapaxes(0, 1).reshape(n_rows, n_head * head_size)"
Y = "y = z.swapaxes(0, 1).reshape(n_rows, n_head * head_size)"
DZ = "dz = dy.reshape(n_rows, n_head, n_channels // n_head).swapaxes(0, 1)"

MISTAKES = [
    Mistake(
        Z,
        "z = x.reshape(n_head, n_rows, n_channels // n_head)",
        "z has the right shape, but its rows mix tokens. reshape only reads on along the rows of x:"
        " it may cut the channels, (T, H, D), but cannot bring H to the front. Swap the axes then.",
    ),
    Mistake(
        Z,
        "z = x.reshape(n_rows, n_channels // n_head, n_head).transpose(2, 0, 1)",
        "z takes every H-th channel for a head. Head h has D channels that follow each other, from"
        " h · D on: cut the channels as (T, H, D), not as (T, D, H).",
    ),
    Mistake(
        Z,
        "z = x.reshape(n_rows, n_head, n_channels // n_head)",
        "z is (T, H, D): the channels are cut, but the heads are not in front yet. Swap the first"
        " two axes, so that z[h] is all that head h sees, (T, D).",
    ),
    Mistake(
        DX,
        "dx = dz.reshape(n_rows, n_head * head_size)",
        "dx has the right shape, but its rows mix tokens: in dz the heads come first. Swap the axes"
        " back to (T, H, D), then reshape.",
    ),
    Mistake(
        DX,
        "dx = dz.transpose(1, 2, 0).reshape(n_rows, n_head * head_size)",
        "dx has the channels of the heads by turns. A row of dx is all of head 0, then all of head"
        " 1: its axes are (T, H, D), not (T, D, H).",
    ),
    Mistake(
        Y,
        "y = z.reshape(n_rows, n_head * head_size)",
        "y has the right shape, but its rows mix tokens. reshape reads z as it lies: all tokens of"
        " head 0 first. Swap the axes to (T, H, D) before.",
    ),
    Mistake(
        Y,
        "y = z.transpose(1, 2, 0).reshape(n_rows, n_head * head_size)",
        "y has the channels of the heads by turns. A row of y is all of head 0, then all of head 1:"
        " its axes are (T, H, D) before the reshape, not (T, D, H).",
    ),
    Mistake(
        DZ,
        "dz = dy.reshape(n_head, n_rows, n_channels // n_head)",
        "dz has the right shape, but its rows mix tokens. Cut the channels of dy first, (T, H, D);"
        " then swap the axes.",
    ),
    Mistake(
        DZ,
        "dz = dy.reshape(n_rows, n_channels // n_head, n_head).transpose(2, 0, 1)",
        "dz takes every H-th channel for a head. Cut the channels of dy as (T, H, D), as the"
        " forward pass had them, not as (T, D, H).",
    ),
]
