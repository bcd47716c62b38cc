"""A group of commands: listed by their first lines, and what one needs is imported when it runs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

from npgpt_core.plugins.hooks import import_target

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class LazyGroup(click.Group):
    """A group that shows what its commands do, and imports nothing for it."""

    def summaries(self) -> Mapping[str, str]:
        """Command -> what it does, in a line."""
        commands = sorted(self.commands.items())
        return {name: (command.help or "").partition("\n")[0] for name, command in commands}

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
