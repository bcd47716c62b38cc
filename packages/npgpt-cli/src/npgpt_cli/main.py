"""The ``npgpt`` command: finds its subcommands through the registry, imports the one that runs."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import click
from click.shell_completion import CompletionItem

from npgpt_cli import __version__
from npgpt_cli.commands import SUMMARIES
from npgpt_cli.terminal import standard_streams
from npgpt_cli.wording import as_flags
from npgpt_core import registry
from npgpt_core.errors import NpgptError, NpgptWarning, PluginError
from npgpt_core.plugins.origin import origin
from npgpt_train.machine.escaping import printable


class InputError(click.ClickException):
    """Wrong input: one line on standard error, exit code 2."""

    exit_code = 2

    def __init__(self, error: NpgptError) -> None:
        plugin = origin(error)
        told = f"{error} (from {plugin})" if plugin else str(error)
        super().__init__(printable(as_flags(told)))


class Commands(click.Group):
    """Every registered command; each is imported only when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, sorted."""
        return registry.names("command")

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a command; None if there is none of that name.

        Raises:
            PluginError: it is ambiguous, does not import, or is no Click command.
        """
        if name not in {spec.name for spec in registry.specs("command")} and "/" not in name:
            return None
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
        except click.UsageError:
            registry.find("command", args[0])  # an unknown name: this error says more
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands, and say how many plugins failed."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_summaries().items()))
        if failed := sum(plugin.status == "failed" for plugin in registry.plugins()):
            what = "1 plugin" if failed == 1 else f"{failed} plugins"
            formatter.write_paragraph()
            formatter.write_text(f"{what} failed: see npgpt plugins.")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands and options that begin like this."""
        try:
            summaries = _summaries()
        except PluginError:  # NPGPT_PLUGIN_STRICT: a prompt is no place to raise
            summaries = {}
        commands = [
            CompletionItem(name, help=text)
            for name, text in summaries.items()
            if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line, whatever state the standard streams are in."""
        with standard_streams():
            return super().main(*args, **kwargs)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the options before the command; what the user can mend becomes one line."""
        with _told_in_a_line():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run; what the user can mend becomes one line, and so does a warning of npgpt's."""
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            with _told_in_a_line(ctx):
                return super().invoke(ctx)


@contextmanager
def _told_in_a_line(ctx: click.Context | None = None) -> Iterator[None]:
    """A ``with`` block in which all that is not a bug of npgpt's or a plugin's becomes one line."""
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise
    except KeyboardInterrupt:  # click would say 1
        click.echo("\nstopped", err=True)
        raise SystemExit(128 + signal.SIGINT) from None
    except Exception as error:
        if os.environ.get("NPGPT_DEBUG"):
            raise
        if isinstance(error, NpgptError):
            raise InputError(error) from error
        if isinstance(error, MemoryError):
            command = ctx.invoked_subcommand if ctx else None
            raise InputError(_out_of_memory(error, command)) from error
        if plugin := origin(error):
            error.add_note(f"This is an error of {plugin}, which is not part of npgpt.")
        elif isinstance(error, OSError | ImportError):
            raise InputError(_refused_by_the_system(error)) from error
        raise


def _out_of_memory(error: MemoryError, command: str | None) -> NpgptError:
    """What could not be had, and how to need less."""
    trains = command in ("train", "compare")
    less = "take a smaller `batch_size`, `block_size` or `n_embd`" if trains else "free some"
    reason = f" ({error})" if str(error) else ""
    return NpgptError(f"the memory is not enough{reason}: {less}, or use a larger machine")


def _refused_by_the_system(error: OSError | ImportError) -> NpgptError:
    """What the system does not give: open files, a folder to be in, room to load a library."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    name = getattr(error, "filename", None)
    where = f": {os.fsdecode(name)}" if isinstance(name, str | bytes) else ""
    try:
        os.getcwd()
    except OSError:
        where += "; the current folder is gone, change to another one"
    return NpgptError(f"the system says: {reason}{where}")


def _summaries() -> dict[str, str]:
    """Command -> what it does, for npgpt's own; for others, where they come from."""
    texts = {}
    for name in registry.names("command"):
        spec = registry.find("command", name)
        house = spec.distribution in registry.HOUSE
        texts[name] = SUMMARIES.get(name, "") if house else f"(from {spec.distribution})"
    return texts


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    if issubclass(category, NpgptWarning):
        click.echo(f"Warning: {printable(as_flags(str(message)))}", err=True)
    else:
        click.echo(warnings.formatwarning(message, category, filename, lineno), err=True, nl=False)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="npgpt")
def main() -> None:
    """Train and take apart GPTs written in NumPy, every gradient by hand."""
