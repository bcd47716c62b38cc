"""``npgpt train``."""

from typing import Any

import click

from npgpt_cli.errors import exit_on_signal
from npgpt_cli.options import PATH, number_option
from npgpt_cli.training_options import CONFIG_HELP, arguments, setting, training_options
from npgpt_train.settings.policy import DEFAULT_KEEP, ON_NAN


@click.command(epilog=CONFIG_HELP)
@setting("tokenizer")
@setting("optimizer")
@click.option(
    "--out",
    type=PATH,
    metavar="DIR",
    help="The run's folder.  [default: the next free runs/DATA-TOKENIZER-N]",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Continue the run in --out.  [default: the newest unfinished one below runs]",
)
@click.option(
    "--init-from", type=PATH, metavar="RUN", help="Start from the weights and tokenizer of a run."
)
@number_option("--keep", f"Checkpoints besides the best.  [default: {DEFAULT_KEEP}]")
@click.option(
    "--on-nan",
    type=click.Choice(ON_NAN),
    help=f"At a loss or gradient that is not finite.  [default: {ON_NAN[0]}]",
)
@training_options
def train(**flags: Any) -> None:
    """Train a model on text.

    A flag wins over --set, --set over --config, --config over --preset. The run's folder holds
    every setting, the metrics, the checkpoints, the curves and a sample.

    --resume takes what is recorded: leave the other options out, or repeat them as they were.
    --max-iters may grow, and --data may say where the same text is now.
    """
    from npgpt_cli.show.training import TrainingDisplay
    from npgpt_train.training import train as run_training

    with exit_on_signal(), TrainingDisplay() as display:
        run_training(report=display.report, **arguments(**flags))
