"""``npgpt train``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from npgpt_cli.options import PartName, given

Command = TypeVar("Command", bound=Callable[..., Any] | click.Command)


def _setting(flag: str, help: str, **options: Any) -> Callable[[Command], Command]:
    """An option that stays None unless it is given; its default stands in the help."""
    from npgpt_train.choices import ALIASES, DEFAULTS

    name = flag.removeprefix("--").replace("-", "_")
    default = options.pop("default_text", DEFAULTS.get(ALIASES.get(name, name)))
    return click.option(flag, help=f"{help}  [default: {default}]", **options)


@click.command()
@_setting(
    "--data",
    "A dataset's name, or a file, folder or glob of text; may be repeated.",
    multiple=True,
    metavar="NAME|PATH",
    default_text="shakespeare",
)
@_setting("--tokenizer", "Text to ids.", type=PartName("tokenizer"))
@_setting("--optim", "Optimizer.", type=PartName("optimizer"))
@_setting("--model", "Architecture.", type=PartName("model"))
@_setting("--schedule", "Learning rate over the steps.", type=PartName("schedule"))
@click.option(
    "--preset",
    metavar="tiny|quick|full",
    help="Numbers to start from: seconds, minutes, or the published setting.  [default: full]",
)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE.toml", help="Settings.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The run's folder.  [default: the next free runs/DATA-TOKENIZER-N]",
)
@click.option("--resume", is_flag=True, help="Continue the run in --out.")
@click.option(
    "--init-from",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Start from the weights and tokenizer of a run.",
)
@_setting("--batch-size", "Rows that a process computes at once.", type=int)
@_setting("--grad-accumulation", "Batches added up before an update.", type=int)
@_setting("--block-size", "Tokens of a row.", type=int)
@_setting("--max-iters", "Steps.", type=int)
@_setting("--lr", "Highest learning rate.", type=float)
@_setting("--min-lr", "Lowest learning rate.", type=float, default_text="lr / 10")
@_setting("--warmup-iters", "Steps up to --lr.", type=int, default_text="max-iters / 10")
@_setting("--n-layer", "Blocks of the model.", type=int)
@_setting("--n-head", "Attention heads of a block.", type=int)
@_setting("--n-embd", "Channels of the model.", type=int)
@_setting("--vocab-size", "Ids of the tokenizer, where it takes a number.", type=int)
@_setting("--grad-clip", "Largest joint norm of the gradients; 0: any.", type=float)
@_setting("--eval-interval", "Steps between evaluations.", type=int)
@_setting("--eval-iters", "Batches of an evaluation.", type=int)
@_setting("--seed", "Of every random draw.", type=int)
@_setting("--workers", "Threads.", type=int, default_text="the physical cores")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="PART.OPTION=VALUE",
    help="Any option of a part, such as tokenizer.min_frequency=2; may be repeated.",
)
def train(
    preset: str | None,
    config: Path | None,
    out: Path | None,
    resume: bool,
    init_from: Path | None,
    assignments: tuple[str, ...],
    **flags: Any,
) -> None:
    """Train a model on text.

    A flag wins over --set, --set over --config, --config over --preset. The run's folder holds
    every setting, the metrics, the checkpoints, the curves and a sample.
    """
    from npgpt_cli.display import TrainingDisplay
    from npgpt_train.choices import parse_option, read_config
    from npgpt_train.training import train as run_training

    with TrainingDisplay() as display:
        run_training(
            out=out,
            resume=resume,
            init_from=init_from,
            preset=preset,
            config=read_config(config) if config else None,
            options=dict(map(parse_option, assignments)),
            report=display.report,
            **given(**flags),
        )
