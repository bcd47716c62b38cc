"""What a command tells in a line instead of a traceback: errors, warnings, and being stopped."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from npgpt_cli.wording import as_flags
from npgpt_core.errors import NpgptError, NpgptWarning
from npgpt_core.escaping import one_line, printable
from npgpt_core.plugins.origin import origin
from npgpt_core.shell import command


class InputError(click.ClickException):
    """Wrong input: one line on standard error, exit code 2."""

    exit_code = 2

    def __init__(self, error: NpgptError) -> None:
        plugin = origin(error)
        message = f"{' '.join(str(error).split())} (from {plugin})" if plugin else str(error)
        super().__init__(one_line(as_flags(message)))


@contextmanager
def one_line_errors(ctx: click.Context | None = None) -> Iterator[None]:
    """A ``with`` block in which all that is not a bug of npgpt's or a plugin's becomes one line."""
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise
    except KeyboardInterrupt:  # click would say 1
        from signal import SIGINT  # only here: it would slow every start of the command down

        click.echo("\nstopped", err=True)
        raise SystemExit(128 + SIGINT) from None
    except Exception as error:
        if os.environ.get("NPGPT_DEBUG"):
            raise
        if isinstance(error, NpgptError):
            raise InputError(error) from error
        if isinstance(error, MemoryError):
            trains = ctx is not None and ctx.invoked_subcommand in ("train", "compare")
            raise InputError(_out_of_memory(error, trains)) from error
        if plugin := origin(error):
            error.add_note(f"This is an error of {plugin}, which is not part of npgpt.")
        elif isinstance(error, OSError | ImportError):
            raise InputError(_refused_by_the_system(error)) from error
        raise


def _out_of_memory(error: MemoryError, trains: bool) -> NpgptError:
    """What could not be had, and how to need less."""
    less = "take a smaller `batch_size`, `block_size` or model" if trains else "free some"
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


@contextmanager
def one_line_warnings() -> Iterator[None]:
    """A ``with`` block in which a warning of npgpt's is one line."""
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        yield


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    if issubclass(category, NpgptWarning):
        click.echo(f"Warning: {one_line(as_flags(str(message)))}", err=True)
    else:
        click.echo(warnings.formatwarning(message, category, filename, lineno), err=True, nl=False)


@contextmanager
def exit_on_signal(how_to_continue: str = "") -> Iterator[None]:
    """A ``with`` block of training: a signal that ends it becomes a line, with the shell's code.

    Args:
        how_to_continue: by resuming the run unless given, or by the same command before its first
            step.
    """
    from npgpt_train.machine.interruption import Interrupted

    try:
        yield
    except Interrupted as stopped:
        resume = printable(command("npgpt", "train", "--resume", "--out", stopped.folder))
        how = how_to_continue or (resume if stopped.step else "the same command begins again")
        click.echo(f"\n{one_line(str(stopped))}: {how}", err=True)
        raise SystemExit(128 + stopped.signal) from stopped
