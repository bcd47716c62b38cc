"""Heads: channels split into groups that attend apart, and merged again."""

import numpy as np


def split(x, n_head):
    """z[h, t, d] = x[t, h · D + d]: (T, C) -> (H, T, D), C = H · D."""
    n_rows, n_channels = x.shape
    # Yours: z (H, T, D)
    z = x.reshape(n_rows, n_head, n_channels // n_head).swapaxes(0, 1)
    return z


def split_backward(dz):
    """Return dx."""
    n_head, n_rows, head_size = dz.shape
    # Yours: dx (T, C)
    dx = dz.swapaxes(0, 1).reshape(n_rows, n_head * head_size)
    return dx


def merge(z):
    """y[t, h · D + d] = z[h, t, d]: (H, T, D) -> (T, C), C = H · D."""
    n_head, n_rows, head_size = z.shape
    # Yours: y (T, C)
    y = z.swapaxes(0, 1).reshape(n_rows, n_head * head_size)
    return y


def merge_backward(dy, n_head):
    """Return dz."""
    n_rows, n_channels = dy.shape
    # Yours: dz (H, T, D)
    dz = dy.reshape(n_rows, n_head, n_channels // n_head).swapaxes(0, 1)
    return dz
