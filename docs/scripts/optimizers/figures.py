"""Draw the figures of docs/OPTIMIZERS.md, from runs on a ravine and from its results."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from variants import TURN, Ravine, UncorrectedAdam

from npgpt_optim import SGD, Adam
from npgpt_train.plots import MUTED, RATE, STYLE, TRAIN, UNDATED, VALIDATION, WORSE

COLORS = {
    "sgd": MUTED,
    "momentum": VALIDATION,
    "adam": TRAIN,
    "uncorrected": WORSE,
    "full": TRAIN,
    "no-warmup": WORSE,
    "no-cosine": RATE,
    "no-clipping": VALIDATION,
}
NAMES = {
    "sgd": "SGD",
    "momentum": "momentum",
    "adam": "Adam",
    "uncorrected": "without correction",
    "full": "the whole recipe",
    "no-warmup": "no warm-up",
    "no-cosine": "no cosine",
    "no-clipping": "no clipping",
}
INK = STYLE["text.color"]
SHADES = LinearSegmentedColormap.from_list("valley", ["#ffffff", "#dbe3ea"])


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """Draw every figure into ``folder``."""
    with figure(folder / "ravine.svg", (10, 5.6)) as fig:
        ravine(fig)
    with figure(folder / "turned.svg", (10, 4.3)) as fig:
        turned(fig)
    with figure(folder / "gradients.svg", (10, 5.4)) as fig:
        gradients(fig, results["gradients"])
    with figure(folder / "alone.svg", (10, 4.4)) as fig:
        alone(fig, results)
    with figure(folder / "bias.svg", (10, 4)) as fig:
        bias(fig, results["alone"])
    with figure(folder / "decay.svg", (10, 4)) as fig:
        decay(fig, results["decay"])
    with figure(folder / "removed.svg", (10, 4.4)) as fig:
        removed(fig, results)
    with figure(folder / "clipping.svg", (10, 4)) as fig:
        clipping(fig, results)


@contextmanager
def figure(path: Path, size: tuple[float, float]) -> Iterator[Figure]:
    """A figure in the style of the house, saved when the ``with`` block ends."""
    with rc_context({**STYLE, "figure.facecolor": "white", "axes.titlesize": 10.5}):
        fig = Figure(figsize=size, layout="constrained")
        yield fig
        fig.savefig(path, metadata=UNDATED[".svg"])


# ------------------------------------------------------------------------ the ravine


def walk(module: Ravine, optimizer: Any, steps: int) -> np.ndarray:
    """The places that an optimizer goes through, (steps + 1, 2)."""
    places = [module.p.copy()]
    for _ in range(steps):
        optimizer.zero_grad()
        module.backward()
        optimizer.step()
        places.append(module.p.copy())
    return np.array(places)


def contours(axes: Axes, module: Ravine, x: tuple[float, float], y: tuple[float, float]) -> None:
    """Lines of equal height, ellipses, each twice as high as the one inside it."""
    curvatures, directions = np.linalg.eigh(module.curvature)
    angle = np.degrees(np.arctan2(directions[1, 0], directions[0, 0]))
    for i in reversed(range(14)):
        width, height = 2 * np.sqrt(2 * 0.125 * 2.0**i / curvatures)
        line = {"fc": SHADES(i / 11), "ec": "#b4bfc9", "lw": 0.6}
        axes.add_patch(Ellipse((0, 0), width, height, angle=angle, **line))
    axes.plot(0, 0, "+", color=INK, ms=9, mew=1.6)
    axes.set(xlim=x, ylim=y, aspect="equal", xticks=[], yticks=[], facecolor=SHADES(1.0))
    axes.grid(visible=False)


def trace(axes: Axes, places: np.ndarray, color: str) -> None:
    """Draw a path, its first place large."""
    axes.plot(*places.T, "-", color=color, lw=1.3, alpha=0.85)
    axes.plot(*places.T, "o", color=color, ms=3.2, mec="white", mew=0.4)
    axes.plot(*places[0], "o", color=color, ms=7, mec="white")


def ravine(fig: Figure) -> None:
    """Four ways down the same ravine, of 40 steps each."""
    shown = [
        ("SGD, lr = 0.01: safe and slow", lambda m: SGD(m, lr=0.01), MUTED),
        ("SGD, lr = 0.038: just below the limit", lambda m: SGD(m, lr=0.038), MUTED),
        ("Momentum 0.9, lr = 0.01", lambda m: SGD(m, lr=0.01, momentum=0.9), VALIDATION),
        ("Adam, lr = 0.12", lambda m: Adam(m, lr=0.12), TRAIN),
    ]
    for axes, (title, make, color) in zip(fig.subplots(2, 2).flat, shown, strict=True):
        module = Ravine()
        contours(axes, module, (-4.5, 1.7), (-1.35, 1.35))
        trace(axes, walk(module, make(module), 40), color)
        axes.set_title(title)
        axes.text(1.6, -1.22, f"loss {module.forward():.3f}", ha="right", color=INK)


def turned(fig: Figure) -> None:
    """Adam in the ravine and in the ravine turned by 45 degrees, 60 steps each."""
    left, right = fig.subplots(1, 2)
    for axes, turn, title in (
        (left, np.eye(2), "Adam, the ravine along an axis: 60 steps"),
        (right, TURN, "Adam, the same ravine turned by 45°: 60 steps"),
    ):
        module = Ravine(turn)
        contours(axes, module, (-4.7, 1.6), (-3.6, 1.8))
        trace(axes, walk(module, Adam(module, lr=0.12), 60), TRAIN)
        axes.set_title(title)
        axes.text(1.4, -3.35, f"loss {module.forward():.3f}", ha="right", color=INK)


# ------------------------------------------------------------------------ real runs


def gradients(fig: Figure, results: Mapping[str, Any]) -> None:
    """The sizes of the gradients, array by array."""
    of = {n: q for n, q in results["of"].items() if not n.startswith("blocks.1")}
    axes = fig.subplots()
    axes.set(xscale="log", xlim=(1e-4, 6e-2), xlabel="size of a gradient, √v̂ (log scale)")
    for row, (name, (low, median, high)) in enumerate(reversed(of.items())):
        if name.endswith("attn.k.bias"):
            axes.text(1.1e-4, row, f"◂ {median:.0e}", va="center", color=WORSE)
            continue
        axes.plot([low, high], [row, row], color=TRAIN, lw=5, alpha=0.35, solid_capstyle="round")
        axes.plot(median, row, "o", color=TRAIN, ms=5.5, mec="white")
    axes.set_yticks(range(len(of)), [n.replace("blocks.0.", "block 0: ") for n in reversed(of)])
    axes.set_title("Gradients of the GPT, from 5 % to 95 % of each array, and the median")


def by_rate(axes: Axes, tables: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """Validation loss against learning rate, a line each; a cross at the top where it diverged."""
    top = axes.get_ylim()[1]
    for i, name in enumerate(names):
        color, at = COLORS[name], tables[name]["at"]
        rates = np.array([float(lr) for lr in at])
        values = np.array([np.nan if row["val"] is None else row["val"] for row in at.values()])
        axes.plot(rates, values, "o-", color=color, mec="white", ms=6, lw=1.8, label=NAMES[name])
        gone, height = rates[np.isnan(values)], top - 0.04 - 0.05 * i
        axes.plot(gone, np.full(len(gone), height), "x", color=color, ms=6, mew=2)
        if len(gone):
            label = {"s": "diverged", "color": color, "fontsize": 8.5}
            axes.text(gone[0] * 0.75, height, ha="right", va="center", **label)
    axes.set(xscale="log", xlabel="learning rate (log scale)", ylabel="validation loss")


def steps_of(curve: list[float], window: int) -> np.ndarray:
    """The middle of each window."""
    return window * (np.arange(len(curve)) + 0.5)


def alone(fig: Figure, results: Mapping[str, Any]) -> None:
    """Three optimizers: every learning rate, and the curve of the best."""
    left, right = fig.subplots(1, 2)
    names, tables = ("sgd", "momentum", "adam"), results["alone"]
    left.set_ylim(2.25, 3.35)
    by_rate(left, tables, names)
    left.set_title("After 300 steps, at every learning rate")
    left.legend(loc="upper left", bbox_to_anchor=(0.0, 0.93))
    for name in names:
        best = tables[name]["best"]
        curve = next(r["curve"] for lr, r in tables[name]["at"].items() if float(lr) == best["lr"])
        label = f"{NAMES[name]}, lr = {best['lr']:g}"
        right.plot(
            steps_of(curve, results["setting"]["window"]),
            curve,
            color=COLORS[name],
            lw=1.8,
            label=label,
        )
    levels(right, results["counting"])
    right.set(
        title="On the way, each at its best",
        xlabel="step",
        ylabel="training loss",
        ylim=(2.25, 4.3),
    )
    right.legend()


def levels(axes: Axes, counting: Mapping[str, float]) -> None:
    """What can be reached by counting."""
    for name, x, ha, va in (
        ("characters", 0.99, "right", "bottom"),
        ("pairs", 0.02, "left", "top"),
    ):
        axes.axhline(counting[name], color=INK, lw=0.8, ls=(0, (4, 3)))
        height = counting[name] + (0.02 if va == "bottom" else -0.025)
        place = {"transform": axes.get_yaxis_transform(), "ha": ha, "va": va}
        axes.text(x, height, f"counting {name}", fontsize=8.5, color=INK, **place)


def bias(fig: Figure, tables: Mapping[str, Any]) -> None:
    """The length of the first steps, and what it does to a run."""
    left, right = fig.subplots(1, 2)
    for name, kind in (("adam", Adam), ("uncorrected", UncorrectedAdam)):
        module = Ravine()
        optimizer = kind(module, lr=1.0)
        module.dp[...] = 1
        lengths, before = [], module.p[0]
        for _ in range(300):
            optimizer.step()
            lengths.append(before - module.p[0])
            before = module.p[0]
        label = "with correction" if name == "adam" else NAMES[name]
        left.plot(range(1, 301), lengths, color=COLORS[name], lw=1.8, label=label)
    left.set(
        title="The length of a step, if the gradient is always 1",
        xlabel="step",
        ylabel="in units of lr",
        ylim=(0, 7),
    )
    left.legend()
    right.set_ylim(2.25, 3.15)
    by_rate(right, tables, ("adam", "uncorrected"))
    right.lines[0].set_label("with correction")
    right.set_title("The GPT after 300 steps, no warm-up")
    right.legend()


def decay(fig: Figure, results: Mapping[str, Any]) -> None:
    """What the decay does to weights without a gradient, and to others."""
    left, right = fig.subplots(1, 2)
    shown = [
        ("adam", "no decay", MUTED, "-"),
        ("adamw-1e-1", "AdamW, λ = 0.1", TRAIN, (0, (4, 2))),
        ("adamw-1", "AdamW, λ = 1", TRAIN, "-"),
        ("l2-1e-4", "L2 in Adam, λ = 0.0001", WORSE, (0, (4, 2))),
        ("l2-1e-3", "L2 in Adam, λ = 0.001", WORSE, "-"),
    ]
    for name, label, color, style in shown:
        left.plot(results[name]["unused"], color=color, lw=1.8, ls=style, label=label)
    left.set(
        title="Four rows of the embedding that no text uses",
        xlabel="step",
        ylabel="size of a weight",
    )
    left.legend(loc="center right", bbox_to_anchor=(1, 0.42))
    places = {
        "unused": "rows never\nused",
        "frequent": "rows of frequent\ncharacters",
        "expand": "feed-forward\nmatrix",
        "head": "head",
    }
    for shift, (name, label, color, _) in zip((-0.2, 0.2), (shown[2], shown[4]), strict=True):
        left_of = [results[name]["weights"][p] / results["adam"]["weights"][p] for p in places]
        bars = right.bar(np.arange(4) + shift, left_of, 0.36, color=color, label=label)
        right.bar_label(bars, fmt="{:.0%}", fontsize=8.5, padding=2)
    right.set_xticks(range(4), places.values())
    right.set(title="Weights at the end, against the run without decay", ylim=(0, 1.15))
    right.yaxis.set_major_formatter("{x:.0%}")
    right.set_yticks([0, 0.5, 1])
    right.grid(visible=False, axis="x")
    right.legend(loc="upper left", ncols=2)


def removed(fig: Figure, results: Mapping[str, Any]) -> None:
    """The recipe, and the recipe less one thing."""
    left, right = fig.subplots(1, 2)
    names, tables = ("full", "no-warmup", "no-cosine", "no-clipping"), results["removed"]
    for name in names:
        curve = tables[name]["at"]["1e-2"]["curve"]
        left.plot(steps_of(curve, results["setting"]["window"]), curve, color=COLORS[name], lw=1.8)
    levels(left, results["counting"])
    left.set(title="Adam, lr = 0.01", xlabel="step", ylabel="training loss", ylim=(2.2, 4.3))
    right.set_ylim(2.25, 3.35)
    by_rate(right, tables, names)
    right.set_title("After 300 steps, at every learning rate")
    right.legend()


def clipping(fig: Figure, results: Mapping[str, Any]) -> None:
    """One bad batch, with and without clipping."""
    window, bad = results["setting"]["window"], results["bad"]
    for axes, name, title in zip(
        fig.subplots(1, 2, sharey=True),
        ("momentum", "adam"),
        ("Momentum, lr = 0.1", "Adam, lr = 0.003"),
        strict=True,
    ):
        for recipe, label, color in (
            ("alone", "no clipping", VALIDATION),
            ("clipped", "clipped at 1", TRAIN),
        ):
            curve = bad[f"{name}-{recipe}"]["curve"]
            axes.plot(steps_of(curve, window), curve, color=color, lw=1.8, label=label)
        axes.axvline(bad["step"], color=INK, lw=0.8, ls=(0, (4, 3)))
        axes.text(bad["step"] - 3, 4.12, "the bad batch", ha="right", color=INK)
        axes.set(title=title, xlabel="step", ylim=(2.2, 4.3), xlim=(80, 300))
    fig.axes[0].set_ylabel("training loss")
    fig.axes[0].legend()
