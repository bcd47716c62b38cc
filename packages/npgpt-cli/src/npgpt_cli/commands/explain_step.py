"""``npgpt explain step``."""

from __future__ import annotations

from pathlib import Path

import click

from npgpt_cli.options import json_option, run_argument


@click.command()
@run_argument
@json_option
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
    from npgpt_cli.show.as_json import print_json
    from npgpt_cli.show.explain_step import print_step
    from npgpt_train.explain.step import explain_step
    from npgpt_train.run.folder import Run

    explanation = explain_step(Run.open(run), checkpoint)
    (print_json if as_json else print_step)(explanation)
