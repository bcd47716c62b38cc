"""``npgpt plot``."""

from pathlib import Path

import click

from npgpt_cli.options import PATH, run_argument
from npgpt_core.errors import NpgptError
from npgpt_core.escaping import one_line


@click.command()
@run_argument
@click.option("--out", type=PATH, metavar="FILE.png", help="PNG or SVG.  [default: RUN/curves.png]")
def plot(run: Path, out: Path | None) -> None:
    """Draw the curves of a run.

    They are losses, gradient norm, learning rate and improvement.
    """
    from npgpt_train.plots import plot_curves
    from npgpt_train.run.folder import Run

    opened = Run.open(run)
    if not (metrics := opened.metrics()):
        raise NpgptError(f"{run} has no metrics to draw: no step of it was done here")
    path = out or opened.folder / "curves.png"
    plot_curves(metrics, path, title=opened.folder.name)
    click.echo(one_line(str(path)))
