"""The ``npgpt`` command: a group whose commands come through the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from npgpt_cli import __version__
from npgpt_cli.errors import one_line_errors, one_line_warnings
from npgpt_cli.group import LazyGroup, summary
from npgpt_cli.terminal import standard_streams
from npgpt_core import registry
from npgpt_core.errors import PluginError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class RegisteredCommands(LazyGroup):
    """Every registered command, a third party's as one of the house."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, sorted."""
        return registry.names("command")

    def get_command(self, ctx: click.Context, name: str) -> click.Command:
        """Import a command.

        Raises:
            PluginError: it is unknown or ambiguous, does not import, or is no Click command.
        """
        spec = registry.find("command", name)
        command = registry.load_spec(spec)
        if not isinstance(command, click.Command):
            raise PluginError(
                f"command {spec.qualified} ({spec.target}) is a {type(command).__name__},"
                " expected a Click command"
            )
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the first argument, or say which there are."""
        try:
            return super().resolve_command(ctx, args)
        except PluginError:
            if ctx.resilient_parsing:  # completion: there is nothing to offer
                return args[0], click.Command(args[0]), args[1:]
            raise

    def summaries(self) -> Mapping[str, str]:
        """Command -> what it does, for npgpt's own; for others, where they come from."""
        specs = {name: registry.find("command", name) for name in registry.names("command")}
        return {
            name: summary(spec.target) if spec.is_own else f"(from {spec.distribution})"
            for name, spec in specs.items()
        }

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands, and say how many plugins failed."""
        super().format_commands(ctx, formatter)
        if failed := sum(plugin.status == "failed" for plugin in registry.plugins()):
            what = "1 plugin" if failed == 1 else f"{failed} plugins"
            formatter.write_paragraph()
            formatter.write_text(f"{what} failed: see npgpt plugins.")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands and options that begin like this."""
        try:
            return super().shell_complete(ctx, incomplete)
        except PluginError:  # NPGPT_PLUGIN_STRICT: a prompt is no place to raise
            return click.Command.shell_complete(self, ctx, incomplete)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line, whatever state the standard streams are in."""
        with standard_streams():
            return super().main(*args, **kwargs)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the options before the command; what the user can fix becomes one line."""
        with one_line_errors():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run; what the user can fix becomes one line, and so does a warning of npgpt's."""
        with one_line_warnings(), one_line_errors(ctx):
            return super().invoke(ctx)


@click.group(cls=RegisteredCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="npgpt")
def main() -> None:
    """Train and take apart GPTs written in NumPy, every gradient by hand."""
