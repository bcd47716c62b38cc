"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import click
from click.shell_completion import CompletionItem

from npgpt_core import registry


class PartName(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """The name of a registered part; completes to the installed ones.

    Args:
        kind: of the part.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.name = kind

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """What stands for the value in the help; a tokenizer may be a run's or a file's."""
        return "NAME|PATH" if self.kind == "tokenizer" else "NAME"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Installed names that begin like this."""
        names = registry.names(self.kind)
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class PartNames(PartName):
    """Names of registered parts with commas between them, as a list."""

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """What stands for the values in the help."""
        return f"{super().get_metavar(param, ctx)}[,...]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[str]:
        """The names; none of an empty text."""
        words = value.split(",") if isinstance(value, str) else value
        return [word.strip() for word in words if word.strip()]

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """What is there, with each name that the last one may become."""
        before, comma, last = incomplete.rpartition(",")
        found = super().shell_complete(ctx, param, last)
        return [CompletionItem(before + comma + item.value) for item in found]


PATH = click.Path(path_type=Path)

Option: TypeAlias = Callable[[Any], Any]
"""What gives a command an option."""

run_argument = click.argument("run", type=PATH, metavar="RUN")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

raw_option = click.option("--raw", is_flag=True, help="Do not escape control characters.")

special_tokens_option = click.option(
    "--special-tokens",
    is_flag=True,
    help="What spells a special token in the text, such as <|im_start|>, is that token.",
)

TEXTS: dict[str, Any] = {"multiple": True, "metavar": "NAME|PATH"}
"""How ``--data`` is given."""


def data_option(help: str) -> Option:
    """The text of a command that trains nothing."""
    return click.option("--data", **TEXTS, help=help)


def number_option(flag: str, help: str, least: int = 1) -> Option:
    """A whole number that need not be given."""
    return click.option(flag, type=click.IntRange(least), metavar="N", help=help)


def step_option(default: str, help: str) -> Option:
    """Which of a run's checkpoints."""
    return click.option(
        "--checkpoint", default=default, show_default=True, metavar="best|latest|STEP", help=help
    )


checkpoint_option = step_option(
    "best", "Which weights of the run; best is the latest while none was found."
)


def given(**flags: Any) -> dict[str, Any]:
    """The flags that were given on the command line."""
    return {name: value for name, value in flags.items() if value is not None and value != ()}
