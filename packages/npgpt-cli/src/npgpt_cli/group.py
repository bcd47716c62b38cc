"""A group of commands: each is listed without being imported, and imported when it runs."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

from npgpt_core.plugins.hooks import import_target

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class LazyCommands(UserDict[str, Any]):
    """Name -> ``module:attribute`` of a command; looking one up imports it."""

    def __getitem__(self, name: str) -> Any:
        """Import a command."""
        return import_target(self.data[name])


class LazyGroup(click.Group):
    """A group that imports a command when it runs.

    Args:
        targets: name -> ``module:attribute`` of each command.
    """

    def __init__(self, *args: Any, targets: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.targets = targets or {}
        self.commands = LazyCommands(self.targets)

    def summaries(self) -> Mapping[str, str]:
        """Command -> what it does, in a line."""
        return {name: summary(target) for name, target in sorted(self.targets.items())}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries().items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands and options that begin like this."""
        from click.shell_completion import CompletionItem

        commands = [
            CompletionItem(name, help=text)
            for name, text in self.summaries().items()
            if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)


def summary(target: str) -> str:
    """The first line of a command's docstring, read in its source: importing it takes longer."""
    module, _, function = target.partition(":")
    spec = find_spec(module)
    loader: Any = spec and spec.loader
    source = loader.get_source(module) or ""  # none where only compiled files are installed
    docstring = source.partition(f"\ndef {function}(")[2].partition('"""')[2]
    text: str = docstring.partition('"""')[0] or import_target(target).help
    return text.partition("\n")[0]
