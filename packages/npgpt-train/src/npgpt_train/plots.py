"""The four curves of a run on one page, and the losses of several runs in one picture."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.escaping import printable
from npgpt_core.types import Array
from npgpt_train.machine.disk import writing
from npgpt_train.run.metrics import Events, evaluations_in, steps_in
from npgpt_train.run.paths import containing_folder

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRAIN, VALIDATION, RATE, MUTED, WORSE = "#2f6db5", "#e07b39", "#5b8c5a", "#7d8894", "#b5484f"
SERIES = (TRAIN, VALIDATION, RATE, WORSE, "#7a5ea8", "#3f9c9c", MUTED, "#a88f3a")
STYLE: dict[Any, Any] = {
    "axes.edgecolor": "#c5ccd3",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelcolor": "#4a525a",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.xmargin": 0.02,
    "figure.constrained_layout.h_pad": 0.12,  # inches
    "figure.constrained_layout.w_pad": 0.12,
    "font.size": 9.5,
    "grid.color": "#e6eaee",
    "legend.frameon": False,
    "svg.hashsalt": "npgpt",  # equal curves give equal files
    "text.color": "#2b3138",
    "xtick.color": "#4a525a",
    "ytick.color": "#4a525a",
}
UNDATED: dict[str, dict[str, Any]] = {".png": {"Software": None}, ".svg": {"Date": None}}
POINTS = 1600  # of a curve: more than the picture has pixels across
CEILING = 1.25  # times the loss at the beginning: what has learned nothing is not there
DRAWABLE = 1e30  # axes overflow long before floats do


def plot_curves(metrics: Events, path: str | PathLike[str], title: str = "") -> None:
    """Draw loss, gradient norm, learning rate and improvement into a .png or .svg file.

    ``metrics`` are the lines of ``metrics.jsonl``: steps (``step``, ``loss``, ``grad_norm``,
    ``lr``) and evaluations (``step``, ``train_loss``, ``val_loss``). Values that are missing or not
    finite leave a gap.

    Raises:
        NpgptError: matplotlib does not load, ``path`` has another suffix or cannot be written.
    """
    steps, evaluations = steps_in(metrics), evaluations_in(metrics)
    with open_figure(path, (11, 7)) as figure:
        figure.suptitle(printable(title), fontsize=13, fontweight="bold", parse_math=False)
        (loss, norm), (rate, improvement) = figure.subplots(2, 2, sharex=True)
        _draw_loss(loss, steps, evaluations)
        _draw_gradient_norm(norm, steps)
        _draw_learning_rate(rate, steps)
        _draw_improvement(improvement, evaluations)


def plot_overlay(
    curves: Mapping[str, Sequence[tuple[int, float]]],
    path: str | PathLike[str],
    unit: str = "bits per character",
) -> None:
    """Draw losses of several runs, (step, loss in ``unit``) each, into one .png or .svg file.

    What lies far above all losses at the beginning is cut off: one run that diverged would make
    all others one flat line.

    Raises:
        NpgptError: see ``plot_curves``.
    """
    with open_figure(path, (11, 4.5)) as figure:
        axes = figure.subplots()
        axes.set(title="Validation loss", xlabel="step", ylabel=unit)
        series = [np.array(points, np.float64) for points in curves.values()]
        for color, name, points in zip(cycle(SERIES), curves, series, strict=False):
            shown = np.where(np.abs(points) < DRAWABLE, points, np.nan)
            axes.plot(*shown.T, "o-", color=color, ms=3, label=printable(name))
        axes.legend()
        ceiling = CEILING * max(points[0, 1] for points in series)
        losses = np.concatenate([points[:, 1] for points in series])
        if (losses > ceiling).any():
            lowest = np.nanmin(losses)
            axes.set_ylim(lowest - 0.05 * (ceiling - lowest), ceiling)


@contextmanager
def open_figure(path: str | PathLike[str], size: tuple[float, float]) -> Iterator[Figure]:
    """A figure to draw on in a ``with`` block, saved to ``path`` when that ends."""
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise NpgptError('drawing needs matplotlib: pip install "npgpt-train[plot]"') from error
    except Exception as error:  # it reads files and variables, MPLBACKEND for example, as it loads
        raise NpgptError(f"matplotlib does not load: {error}") from error
    suffix = Path(path).suffix.lower()
    if suffix not in UNDATED:
        raise NpgptError(f"cannot draw into {path}: expected a name in .png or .svg")
    with rc_context(STYLE), warnings.catch_warnings():
        # a name or token in a script that the font lacks is drawn as boxes
        warnings.filterwarnings("ignore", r"Glyph \d+ ", UserWarning)
        figure = Figure(figsize=size, layout="constrained")
        yield figure
        image = io.BytesIO()
        figure.savefig(image, format=suffix[1:], dpi=150, metadata=UNDATED[suffix])
    folder, name = containing_folder(path)
    with writing(str(path)):
        folder.replace(name, image.getvalue())


# ------------------------------------------------------------------------- panels


def _draw_loss(axes: Axes, steps: Events, evaluations: Events) -> None:
    axes.set(title="Loss", ylabel="nats per token")
    _draw_noisy(axes, steps, "loss", TRAIN, label="training, smoothed")
    x, train, val = (_column(evaluations, name) for name in ("step", "train_loss", "val_loss"))
    if not np.isfinite(val).any():
        return
    best = np.nanargmin(val)
    axes.plot(x, train, "o", color=TRAIN, mec="white", ms=5.5, label="training, evaluated")
    label = f"validation, best {val[best]:.3f} at step {x[best]:,.0f}"
    axes.plot(x, val, "o-", color=VALIDATION, mec="white", ms=5.5, lw=1.5, label=label)
    axes.legend()


def _draw_gradient_norm(axes: Axes, steps: Events) -> None:
    axes.set(title="Gradient norm", ylabel="before clipping")
    _draw_noisy(axes, steps, "grad_norm", MUTED)
    axes.set_ylim(bottom=0)


def _draw_learning_rate(axes: Axes, steps: Events) -> None:
    axes.set(title="Learning rate", xlabel="step")
    axes.plot(_column(steps, "step"), _column(steps, "lr"), color=RATE, lw=2)
    axes.yaxis.set_major_formatter("{x:.3g}")
    axes.set_ylim(bottom=0)


def _draw_improvement(axes: Axes, evaluations: Events) -> None:
    """One bar a window between two evaluations, upwards where the validation loss fell."""
    axes.set(title="Improvement", xlabel="step", ylabel="fall of the validation loss")
    x, val = _column(evaluations, "step"), _column(evaluations, "val_loss")
    window, fall = np.diff(x), -np.diff(val)
    colors = np.where(fall >= 0, VALIDATION, WORSE)
    axes.bar(x[:-1] + window / 2, fall, width=0.86 * window, color=colors)
    axes.axhline(0, color="#c5ccd3", lw=0.8)


def _draw_noisy(axes: Axes, lines: Events, name: str, color: str, label: str | None = None) -> None:
    """Every value, faint, and the running mean over a fortieth of the run."""
    x, values = _column(lines, "step"), _column(lines, name)
    shown = _extremes(values)
    axes.plot(x[shown], values[shown], color=color, alpha=0.25, lw=0.8)
    axes.plot(x, _running_mean(values, len(values) // 40), color=color, lw=1.8, label=label)


# ------------------------------------------------------------------------ numbers


def _column(lines: Events, name: str) -> Array:
    """The values of a name, NaN where there is none that can be drawn."""
    values = np.array([line.get(name, np.nan) for line in lines], np.float64)
    return np.where(np.abs(values) < DRAWABLE, values, np.nan)


def _extremes(values: Array) -> Array:
    """Indices of the lowest and highest value of each of POINTS / 2 windows: all if there are few.

    A long run draws as it would with every value, in a fraction of the file.
    """
    if len(values) <= POINTS:
        return np.arange(len(values))
    windows = np.array_split(np.arange(len(values)), POINTS // 2)
    finite = np.isfinite(values)
    low, high = np.where(finite, values, np.inf), np.where(finite, values, -np.inf)
    found = [(window[low[window].argmin()], window[high[window].argmax()]) for window in windows]
    return np.unique(np.array(found, int))


def _running_mean(values: Array, window: int) -> Array:
    """The mean of the finite values within half a window to either side."""
    finite = np.isfinite(values)
    total = np.cumsum([0.0, *np.where(finite, values, 0)])
    count = np.cumsum([0, *finite])
    middle, half = np.arange(len(values)), window // 2
    first = np.maximum(middle - half, 0)
    after = np.minimum(middle + half + 1, len(values))
    n = count[after] - count[first]
    mean = (total[after] - total[first]) / np.maximum(n, 1)
    return np.where(n > 0, mean, np.nan)
