"""The report of a comparison as Markdown and as one HTML page, both made from ``report.json``."""

import base64
import importlib.util
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError
from npgpt_core.escaping import printable
from npgpt_train import formatting
from npgpt_train.comparison import differences, tables
from npgpt_train.comparison.variants import ALL
from npgpt_train.machine.disk import Folder, writing
from npgpt_train.machine.escaping import markdown
from npgpt_train.plots import plot_curves, plot_overlay
from npgpt_train.run.metrics import Metrics, evaluations_in

TEMPLATES = Path(__file__).parent / "templates"
LIBRARIES = ("jinja2", "matplotlib")


def require_libraries() -> None:
    """Raise an ``NpgptError`` unless what draws and fills the report is installed."""
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise NpgptError(
            f'a report needs {" and ".join(missing)}: pip install "npgpt-train[report]"'
        )


def write_report(
    results: Mapping[str, Any], metrics: Mapping[str, Metrics], folder: Path
) -> list[Path]:
    """Write the figures, ``report.md`` and ``report.html``; gives the two pages.

    ``results`` is what ``report.json`` holds, ``metrics`` are those of each run by its name there.

    Raises:
        NpgptError: a file cannot be written.
    """
    figures = folder / "figures"
    with writing(f"the report in {folder}"):
        Folder(folder).make("figures")
        unit, curves = loss_curves(results, metrics)
        plot_overlay(curves, figures / f"{ALL}.svg", unit)
        for name, events in metrics.items():
            plot_curves(events, figures / f"{name}.svg", title=name)
        urls = {name: _data_url(figures / f"{name}.svg") for name in [ALL, *metrics]}
        pages = {
            folder / "report.md": render(results, "report.md.jinja", curves="figures/{}.svg"),
            folder / "report.html": render(results, "report.html.jinja", figures=urls),
        }
        for path, text in pages.items():
            Folder(folder).replace(path.name, text.encode("utf-8", "replace"))
    return list(pages)


def render(results: Mapping[str, Any], template: str, **values: Any) -> str:
    """Fill a template; whatever a run, a file or a model wrote is harmless in the page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    html = template.endswith(".html.jinja")
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=html,
        finalize=_finalize(printable if html else markdown),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["n"] = formatting.number
    names = list(results["runs"])
    samples = {name: _sample(results["runs"][name]) for name in names}
    return environment.get_template(template).render(
        results=results,
        title=differences.title(results),
        same_tokens=differences.same_tokens(results),
        first=results["runs"][names[0]],
        machine=tables.machine(results),
        tables=tables.all_tables(results),
        setting=tables.setting_rows(results),
        spread=tables.spread_rows(results),
        spread_names=tables.spread_names(results),
        names=names,
        samples=samples,
        fence=_fence(samples),
        **values,
    )


def _finalize(escape: Callable[[str], str]) -> Callable[[object], object]:
    """Escape every value of a template that is not marked as safe."""
    from markupsafe import Markup

    return lambda value: value if isinstance(value, Markup) else escape(str(value))


def _sample(run: Mapping[str, Any]) -> list[str]:
    """The tokens of a sample that can be seen: line breaks stay, control characters are spelled."""
    return [printable(text) for text in run["generated"]["sample"] if text]


def _fence(samples: Mapping[str, list[str]]) -> str:
    """Backquotes that no sample can close."""
    text = "".join("".join(sample) for sample in samples.values())
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(3, longest + 1)


def loss_curves(
    results: Mapping[str, Any], metrics: Mapping[str, Metrics]
) -> tuple[str, dict[str, list[tuple[int, float]]]]:
    """The validation losses of all runs in a unit that compares, and its name."""
    if differences.same_tokens(results):
        return "nats per token", {name: _losses(events) for name, events in metrics.items()}
    return "bits per character", bits_per_step(results, metrics)


def bits_per_step(
    results: Mapping[str, Any], metrics: Mapping[str, Metrics]
) -> dict[str, list[tuple[int, float]]]:
    """(step, bits per character) of each run's evaluations, what its tokenizer lost included.

    A run whose tokenizer loses what has no price stands under a name that says so.
    """
    curves = {}
    for name, events in metrics.items():
        text = results["runs"][name]["held_out"]
        priced = text["lost_bits_per_character"]
        lost = sum((priced or {}).values())
        token = math.log(2) * text["characters_per_token"]
        curves[name if priced else f"{name}, tokens alone"] = [
            (step, loss / token + lost) for step, loss in _losses(events)
        ]
    return curves


def _losses(events: Metrics) -> list[tuple[int, float]]:
    """(step, validation loss) of each evaluation."""
    return [(event["step"], event["val_loss"]) for event in evaluations_in(events)]


def _data_url(path: Path) -> str:
    """A figure as part of the page, apart from it all the same: its ids cannot clash."""
    encoded = base64.b64encode(path.read_bytes()).decode("ascii")
    return f"data:image/svg+xml;base64,{encoded}"
