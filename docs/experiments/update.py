"""Take the result of ``npgpt compare`` into the documents: ``python experiments/update.py DIR``.

Writes ``report.json``, ``tables.md`` and the figures beside this file; then ``python docs/sync.py``
renews docs/EXPERIMENTS.md.
"""

import json
import shutil
import sys
from pathlib import Path

from npgpt_train import Run
from npgpt_train.comparison.report import bits_per_step, render
from npgpt_train.plots import plot_overlay

HERE = Path(__file__).parent


def main(folder: Path) -> None:
    """Copy what the document shows from a folder that ``npgpt compare`` wrote."""
    record = json.loads((folder / "report.json").read_text("utf-8"))
    shutil.copyfile(folder / "report.json", HERE / "report.json")
    (HERE / "tables.md").write_text(render(record, "tables.md.jinja"), "utf-8")
    runs = {name: Run.open(folder / "runs" / name) for name in record["runs"]}
    curves = {name: run.metrics() for name, run in runs.items()}
    plot_overlay(bits_per_step(record, curves), HERE / "all.png")
    for name, run in runs.items():
        shutil.copyfile(run.folder / "curves.png", HERE / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
