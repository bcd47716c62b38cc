"""``npgpt compare``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from npgpt_cli.errors import exit_on_signal
from npgpt_cli.options import PATH, PartNames
from npgpt_cli.training_options import CONFIG_HELP, Command, arguments, training_options
from npgpt_core.plugins.kinds import KINDS
from npgpt_train.settings.settings import DEFAULTS


def _each(kind: str) -> Callable[[Command], Command]:
    """An option that names several parts of a kind."""
    return click.option(
        f"--{KINDS[kind].plural}",
        type=PartNames(kind),
        default="",
        help=f"One model for each.  [default: {DEFAULTS[kind]}]",
    )


@click.command(epilog=CONFIG_HELP)
@click.option(
    "--variant",
    "variants",
    multiple=True,
    metavar='"KEY=VALUE ..."',
    help='A run with settings of its own, such as "optim=sgd lr=0.5 optimizer.momentum=0.9"; may'
    " be repeated. name=NAME says what to call it.",
)
@_each("tokenizer")
@_each("model")
@_each("optimizer")
@click.option(
    "--seeds", type=click.IntRange(1), default=1, show_default=True, help="Models for each of them."
)
@click.option(
    "--out",
    type=PATH,
    metavar="DIR",
    required=True,
    help="Folder of the runs and the report. Finished runs stay, interrupted ones continue.",
)
@training_options
def compare(out: Path, **flags: Any) -> None:
    """Train models that differ in one thing, and compare them.

    The runs differ in what the variants set, or in the tokenizer, the model, the optimizer or the
    seed. Everything else is equal, the text too. Where several of these options are given, there is
    a run for each combination. The same command again continues where it was interrupted. A model
    that diverges is reported as diverged, and the others are compared without it. The results are
    in DIR/report.html, report.md and report.json.
    """
    from npgpt_cli.show.comparison import print_comparison
    from npgpt_cli.show.training import TrainingDisplay
    from npgpt_train.comparison.compare import compare as run_comparison

    with exit_on_signal("the same command continues"), TrainingDisplay() as display:
        results = run_comparison(out=out, report=display.report, **arguments(**flags))
    print_comparison(results, out)
