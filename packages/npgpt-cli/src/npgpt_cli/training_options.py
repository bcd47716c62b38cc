"""The options of a training run, for every command that trains."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from npgpt_cli.options import PATH, TEXTS, PartName, PartNames, given
from npgpt_core.plugins.kinds import KINDS
from npgpt_train.settings.choices import PRESETS
from npgpt_train.settings.settings import SETTINGS

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

NUMBERS = {"int": int, "float": float}  # by the type of a setting's field

Command = TypeVar("Command", bound=Callable[..., Any] | click.Command)


def setting(name: str) -> Callable[[Command], Command]:
    """The option of a setting; it stays None unless it is given, and its help tells the default."""
    field = SETTINGS[name]
    default, help = field.metadata["shown"], field.metadata["help"]
    if name == "data":
        return _option(name, f"{help}; may be repeated", default, str, **TEXTS)
    if name in KINDS:
        return _option(KINDS[name].argument, help, default, PartName(name))
    return _option(name, help, default, NUMBERS[str(field.type)])


def _option(
    name: str, help: str, default: str, type: Any, **options: Any
) -> Callable[[Command], Command]:
    flag = f"--{name.replace('_', '-')}"
    return click.option(flag, type=type, help=f"{help}.  [default: {default}]", **options)


def training_options(command: Command) -> Command:
    """The options that a single run and a comparison of several have in common."""
    for option in reversed(_options()):
        command = option(command)
    return command


def _options() -> list[Callable[[Any], Any]]:
    return [
        setting("data"),
        click.option(
            "--preset",
            metavar="|".join(PRESETS),
            help="Numbers to start from: seconds, minutes, or the published setting."
            "  [default: full]",
        ),
        click.option(
            "--config",
            type=PATH,
            metavar="FILE.toml",
            help="Settings, as the end of this help shows.",
        ),
        *(setting(name) for name in SETTINGS if name not in ("data", "tokenizer", "optimizer")),
        _option("min_lr", "Lowest learning rate", "the schedule's", float),
        _option("warmup_iters", "Steps up to --lr", "the schedule's", int),
        _option("n_layer", "Blocks of the model", "the model's", int),
        _option("n_head", "Attention heads of a block", "the model's", int),
        _option("n_embd", "Channels of the model", "the model's", int),
        _option(
            "vocab_size", "Ids of the tokenizer, where it takes a number", "the tokenizer's", int
        ),
        click.option(
            "--observe",
            type=PartNames("observer"),
            default="",
            help="Observers to call with every event; npgpt plugins lists them.",
        ),
        click.option(
            "--set",
            "assignments",
            multiple=True,
            metavar="PART.OPTION=VALUE",
            help="Any option of a part, such as tokenizer.min_frequency=2; may be repeated.",
        ),
    ]


def arguments(assignments: tuple[str, ...], **flags: Any) -> dict[str, Any]:
    """The keyword arguments of ``train`` and ``compare`` that the options stand for."""
    from npgpt_train.settings.choices import parse_option

    return {"options": dict(map(parse_option, assignments)), **given(**flags)}
