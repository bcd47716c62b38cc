"""``npgpt explain step``: what one step of training does to every weight."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from npgpt_cli.options import run_argument

if TYPE_CHECKING:
    from rich.console import Console

    from npgpt_train.explain.step import Step


@click.command()
@run_argument
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--checkpoint",
    default="latest",
    show_default=True,
    metavar="best|latest|STEP",
    help="The step that follows these weights.",
)
def step(run: Path, as_json: bool, checkpoint: str) -> None:
    """Take one step of training apart, on a copy.

    It is the next one that the run would do: batch, learning rate and optimizer state are those
    that training would have.
    """
    from npgpt_cli.show.console import print_json
    from npgpt_train.explain.step import explain_step
    from npgpt_train.run.folder import Run

    explanation = explain_step(Run.open(run), checkpoint)
    if as_json:
        print_json(explanation)
    else:
        _print(explanation)


def _print(explanation: Step) -> None:
    from npgpt_cli.show.console import console, table
    from npgpt_train.machine.escaping import printable

    to = console()
    to.print(f"Step {explanation.number:,}, on a copy: the run stays as it is.\n")
    rows = table({"part": "left", "what happens": "wrap"})
    for part, what in _story(explanation).items():
        rows.add_row(part, printable(what))
    to.print(rows)
    to.print(
        "\nThe norms of each parameter, of its gradient and of its update, and the update relative"
        " to the parameter; the largest gradients first.\n"
    )
    _print_parameters(to, explanation)


def _story(e: Step) -> dict[str, str]:
    """The parts of the step, in order."""
    from npgpt_cli.show.console import number

    if not e.grad_clip:
        clipping = "none: grad_clip is 0"
    elif e.scale < 1:
        clipping = f"all gradients times {number(e.scale)}: a joint norm of {e.grad_clip:g} at most"
    else:
        clipping = f"not needed: the joint norm may be {e.grad_clip:g}"
    return {
        "forward": f"{e.rows} rows of {e.tokens} tokens: loss {e.loss:.4f}",
        "backward": f"{len(e.parameters)} gradients: joint norm {number(e.grad_norm)}",
        "clipping": clipping,
        "learning rate": f"{e.lr:.3g} ({e.schedule})",
        "update": f"{e.optimizer}: joint norm {number(e.update, 5)}, {_relative(e.relative)}"
        " of that of the parameters",
        "forward again": f"the same rows: loss {e.loss_after:.4f} ({e.loss_after - e.loss:+.4f})",
    }


def _print_parameters(to: Console, explanation: Step) -> None:
    """A row a parameter; the bar is as long as the gradient, beside the largest."""
    from npgpt_cli.show.console import number, table
    from npgpt_train.machine.escaping import printable

    rows = table(
        {
            "parameter": "left",
            "weight": "right",
            "gradient": "right",
            "": "left",
            "update": "right",
            "relative": "right",
        }
    )
    largest = explanation.parameters[0].gradient or 1.0
    for p in explanation.parameters:
        rows.add_row(
            printable(p.parameter),
            number(p.weight),
            number(p.gradient),
            "█" * round(10 * p.gradient / largest),
            number(p.update, 5),
            _relative(p.relative),
        )
    to.print(rows)


def _relative(share: float | None) -> str:
    return "–" if share is None else f"{share:.3%}"
