"""Take what ``npgpt compare`` found into docs/EXPERIMENTS.md.

    python docs/scripts/update_experiments.py runs/shakespeare runs/seeds

The first folder holds the comparison that the page tells of, the second one over seeds. Writes the
JSON (with each evaluation in bits per character, by step), the tables and the samples into
docs/results/experiments and the pictures into docs/figures/experiments; then
``python docs/scripts/sync.py`` renews the page, and names what it claims and no longer holds.
"""

import json
import shutil
import sys
from pathlib import Path

from npgpt_core.escaping import printable
from npgpt_train import Run
from npgpt_train.comparison.report import bits_per_step, render
from npgpt_train.comparison.tables import machine
from npgpt_train.machine.json_text import format_json
from npgpt_train.plots import plot_overlay

DOCS = Path(__file__).parents[1]
RESULTS, FIGURES = DOCS / "results/experiments", DOCS / "figures/experiments"
CURVES = "figures/experiments/{}.png"  # as seen from docs/
SOURCES = ("report", "seeds")


def fragments() -> dict[str, str]:
    """The Markdown that the page includes, by file, made from the JSON."""
    report, seeds = (json.loads((RESULTS / f"{name}.json").read_text("utf-8")) for name in SOURCES)
    return {
        "machine.md": machine(report) + "\n",
        "tables.md": render(report, "tables.md.jinja"),
        "setting.md": render(report, "setting.md.jinja"),
        "excerpt.md": excerpt("".join(report["runs"]["char"]["generated"]["sample"])),
        "samples.md": render(report, "samples.md.jinja", curves=CURVES),
        "spread.md": render(seeds, "spread.md.jinja"),
    }


def excerpt(sample: str) -> str:
    """The longest of the speeches that a sample holds from beginning to end, for the README."""
    speeches = sample.split("\n\n")[1:-1]
    return f"```text\n{printable(max(speeches, key=len, default=sample))}\n```\n"


def by_step(bits: dict[str, list[tuple[int, float]]]) -> str:
    """JSON of each run's bits per character by step: a line a run."""
    rounded = {name: {step: round(value, 4) for step, value in bits[name]} for name in bits}
    return format_json(rounded, width=1000) + "\n"


def main(*folders: str) -> None:
    """Copy what the page shows from folders that ``npgpt compare`` wrote."""
    for name, folder in zip(SOURCES, folders, strict=True):
        shutil.copyfile(Path(folder) / "report.json", RESULTS / f"{name}.json")
    for name, text in fragments().items():
        (RESULTS / name).write_text(text, "utf-8")
    record = json.loads((RESULTS / "report.json").read_text("utf-8"))
    runs = {name: Run.open(Path(folders[0]) / "runs" / name) for name in record["runs"]}
    curves = {name: run.metrics() for name, run in runs.items()}
    bits = bits_per_step(record, curves)
    plot_overlay(bits, FIGURES / "all.png")
    (RESULTS / "curves.json").write_text(by_step(bits), "utf-8")
    for name, run in runs.items():
        shutil.copyfile(run.folder / "curves.png", FIGURES / f"{name}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
