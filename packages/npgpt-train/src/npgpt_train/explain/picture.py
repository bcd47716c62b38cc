"""Attention as a picture: a panel a head, a row a token that looks, a column a token looked at."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from npgpt_train.explain.attention import Attention, Head
from npgpt_train.explain.tokens import Token, visible
from npgpt_train.plots import open_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

LABELLED = 40  # tokens; the labels of more would overlap
LABEL = 0.12  # inches of a panel for each
LARGEST = 40  # inches of a picture with labels


def plot_attention(attention: Attention, path: str | PathLike[str], title: str = "") -> None:
    """Draw the heads into a .png or .svg file, a row of panels a layer.

    Raises:
        NpgptError: matplotlib does not load, ``path`` has another suffix or cannot be written.
    """
    layers = sorted({head.layer for head in attention.heads})
    columns = sorted({head.head for head in attention.heads})
    n, panels_across = len(attention.tokens), max(len(layers), len(columns))
    side = max(2.4, 7 / panels_across)  # inches
    labelled = n <= LABELLED and panels_across * max(side, LABEL * n) <= LARGEST
    side = max(side, LABEL * n) if labelled else side
    size = (side * len(columns) + 1, side * len(layers) + 1)
    with open_figure(path, size) as figure:
        figure.suptitle(title, fontsize=13, fontweight="bold", parse_math=False)
        panels = figure.subplots(len(layers), len(columns), squeeze=False)
        for panel in panels.flat:
            panel.set_axis_off()  # a layer may have fewer heads than another
        for head in attention.heads:
            panel = panels[layers.index(head.layer), columns.index(head.head)]
            image = _draw(panel, head)
            if labelled:
                _label(panel, attention.tokens, fontsize=min(10, 40 * side / n))
        figure.colorbar(image, ax=panels, label="share", shrink=0.6)


def _draw(axes: Axes, head: Head) -> AxesImage:
    """The root keeps small shares distinct; what no token can see is white."""
    from matplotlib.colors import PowerNorm

    axes.set_title(f"layer {head.layer}, head {head.head}")
    axes.set(xlabel="looked at", ylabel="looks")
    axes.set_axis_on()
    axes.grid(False)
    seen = np.where(np.tri(len(head.weights), dtype=bool), head.weights, np.nan)
    return axes.imshow(seen, cmap="Blues", norm=PowerNorm(0.5, 0, 1))


def _label(axes: Axes, tokens: list[Token], fontsize: float) -> None:
    texts = [visible(token.text) for token in tokens]
    style: dict[str, Any] = {"fontsize": fontsize, "parse_math": False}
    axes.set_xticks(range(len(texts)), texts, rotation=90, **style)
    axes.set_yticks(range(len(texts)), texts, **style)
