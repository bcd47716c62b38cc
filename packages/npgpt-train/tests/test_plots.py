"""The panel of curves: drawn whatever the metrics, the same bytes for the same run."""

import os
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from npgpt_core.errors import NpgptError
from npgpt_train import plots
from npgpt_train.plots import (
    POINTS,
    _extremes,
    _running_mean,
    open_figure,
    plot_curves,
    plot_overlay,
)


def run(n=60, every=10):
    """The metrics of a short run."""
    for step in range(n):
        yield {"step": step, "loss": 4 - step / n, "grad_norm": 1 + step % 3, "lr": 1e-3}
        if step % every == 0:
            yield {"step": step, "train_loss": 4 - step / n, "val_loss": 4 - step / n + 0.1}


def test_without_matplotlib_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(NpgptError, match=r'pip install "npgpt-train\[plot\]"'):
        plot_curves(list(run()), tmp_path / "curves.png")


@pytest.mark.once
def test_a_matplotlib_that_does_not_load_is_one_error(tmp_path):
    pytest.importorskip("matplotlib")
    script = f"""
from npgpt_core.errors import NpgptError
from npgpt_train.plots import plot_curves
try:
    plot_curves([], {str(tmp_path / "curves.png")!r}, title="run")
except NpgptError as error:
    print(error)
"""
    result = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "MPLBACKEND": "nonsense"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.startswith("matplotlib does not load: ")
    assert "nonsense" in result.stdout


@pytest.mark.parametrize(("name", "start"), [("curves.png", b"\x89PNG"), ("curves.SVG", b"<?xml")])
def test_equal_runs_give_equal_files(tmp_path, name, start):
    pytest.importorskip("matplotlib")
    path = tmp_path / name
    plot_curves(list(run()), path, "a run with $ and _ in its name")
    first = path.read_bytes()
    plot_curves(list(run()), path, "a run with $ and _ in its name")
    assert path.read_bytes() == first
    assert first.startswith(start)


@pytest.mark.parametrize("title", ["\t", "\u6f22\u5b57", "\U0001f600"])
def test_a_title_that_the_font_lacks_is_drawn_without_a_word(tmp_path, title):
    plot_curves(list(run()), tmp_path / "curves.png", title=title)
    assert (tmp_path / "curves.png").stat().st_size > 0


def test_the_panel_shows_every_curve(tmp_path):
    pytest.importorskip("matplotlib")
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "none"}):
        plot_curves(list(run()), tmp_path / "curves.svg", "hamlet-char-1")
    drawn = (tmp_path / "curves.svg").read_text()
    for text in ("hamlet-char-1", "Loss", "Gradient norm", "Learning rate", "Improvement"):
        assert f">{text}<" in drawn
    assert "validation, best 3.267 at step 50" in drawn


number = st.floats() | st.sampled_from([1e308, -1e308, 0.0, float("nan"), float("inf")])
line = st.one_of(
    st.fixed_dictionaries({"step": st.integers(0, 10**9), "loss": number}, optional={"lr": number}),
    st.fixed_dictionaries({"step": st.integers(0, 10**9), "val_loss": number}),
)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(line, max_size=6))
def test_any_numbers_can_be_drawn(tmp_path, metrics):
    pytest.importorskip("matplotlib")
    plot_curves(metrics, tmp_path / "curves.svg")


@pytest.mark.parametrize(
    ("name", "message"), [("curves.gif", r"\.png or \.svg"), ("no/such/curves.png", "No such file")]
)
def test_a_file_that_cannot_be_drawn_is_named(tmp_path, name, message):
    pytest.importorskip("matplotlib")
    with pytest.raises(NpgptError, match=message):
        plot_curves(list(run()), tmp_path / name)


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6) | st.just(float("nan"))), st.integers(0, 9))
def test_the_running_mean_is_the_mean_of_the_neighbours(values, window):
    values = np.array(values)
    mean = _running_mean(values, window)
    for i in range(len(values)):
        near = values[max(i - window // 2, 0) : i + window // 2 + 1]
        near = near[np.isfinite(near)]
        expected = near.mean() if len(near) else np.nan
        np.testing.assert_allclose(mean[i], expected, atol=1e-6)


def test_a_long_curve_keeps_its_extremes():
    values = np.random.default_rng(0).normal(size=10 * POINTS)
    values[777], values[778], values[5 * POINTS :] = 99, -99, np.nan
    shown = _extremes(values)
    assert len(shown) <= POINTS
    assert {777, 778} <= set(shown.tolist())
    assert np.isnan(values[shown]).any()
    assert _extremes(values[:10]).tolist() == list(range(10))


@pytest.mark.parametrize(
    ("last", "top"), [(2.0, None), (4.9, None), (5.1, 5.0), (1e9, 5.0), (np.inf, 5.0)]
)
def test_a_run_that_diverged_leaves_the_others_visible(last, top, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    drawn = []

    @contextmanager
    def keep(path, size):
        with open_figure(path, size) as figure:
            yield figure
            drawn.append(figure.axes[0])

    monkeypatch.setattr(plots, "open_figure", keep)
    curves = {"well": [(0, 4.0), (9, 1.0)], "ill": [(0, 3.9), (9, last)]}
    plot_overlay(curves, tmp_path / "all.svg", "nats per token")
    (axes,) = drawn
    low, high = axes.get_ylim()
    assert 0.5 < low < 1.0  # below the best of all, and not far
    assert high == top if top else high > max(4.0, last)
    assert axes.get_ylabel() == "nats per token"


def test_panels_show_what_was_measured():
    figure = pytest.importorskip("matplotlib.figure").Figure()
    rng = np.random.default_rng(0)
    steps = [{"step": i, "loss": rng.normal()} for i in range(1, 81)]
    evaluations = [
        {"step": s, "train_loss": s / 7, "val_loss": v} for s, v in [(0, 4), (40, 3), (80, 3.5)]
    ]
    axes, bars = figure.subplots(2)
    plots._draw_loss(axes, steps, evaluations)
    faint, smooth, train, val = (line.get_xydata().tolist() for line in axes.lines)
    values = [event["loss"] for event in steps]
    assert faint == [[event["step"], event["loss"]] for event in steps]
    means = [np.mean(values[max(i - 1, 0) : i + 2]) for i in range(80)]  # a fortieth is two steps
    np.testing.assert_allclose(smooth, [[i + 1, mean] for i, mean in enumerate(means)])
    assert train == [[e["step"], e["train_loss"]] for e in evaluations]
    assert val == [[e["step"], e["val_loss"]] for e in evaluations]
    assert "validation, best 3.000 at step 40" in axes.get_legend_handles_labels()[1]
    plots._draw_improvement(bars, evaluations)
    assert [(p.get_x() + p.get_width() / 2, p.get_height()) for p in bars.patches] == [
        (pytest.approx(20), 1),
        (pytest.approx(60), -0.5),
    ]
    fell, rose = (p.get_facecolor() for p in bars.patches)
    assert fell != rose
