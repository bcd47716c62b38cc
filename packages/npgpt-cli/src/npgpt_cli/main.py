"""The ``npgpt`` command: finds its subcommands through the registry, imports the one that runs."""

from __future__ import annotations

from typing import Any

import click

from npgpt_cli import __version__
from npgpt_core import registry
from npgpt_core.errors import NpgptError


class InputError(click.ClickException):
    """Wrong input: one line on standard error, exit code 2."""

    exit_code = 2


class Commands(click.Group):
    """Every registered command; a third party's is imported only when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, sorted."""
        return registry.names("command")

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a command; None if there is none of that name."""
        if name not in self.list_commands(ctx):
            return None
        command: click.Command = registry.load("command", name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the first argument, or say which there are."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            registry.find("command", args[0])  # an unknown name: this error says more
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands: npgpt's own with their help, others by where they come from."""
        rows = []
        for name in self.list_commands(ctx):
            spec = registry.find("command", name)
            if spec.distribution in registry.HOUSE:
                rows.append((name, registry.load("command", name).get_short_help_str(80)))
            else:
                rows.append((name, f"(from {spec.distribution})"))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run; what the user can mend becomes one line."""
        try:
            return super().invoke(ctx)
        except NpgptError as error:
            raise InputError(str(error)) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="npgpt")
def main() -> None:
    """Train and take apart GPTs written in NumPy, every gradient by hand."""
