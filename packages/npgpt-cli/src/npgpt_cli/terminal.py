"""The standard streams while a command runs: output is written, or dropped without a traceback."""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from npgpt_cli.output import OutputError, RawOutput, open_output


def is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


@contextmanager
def standard_streams() -> Iterator[None]:
    """A ``with`` block that no state or encoding of a standard stream ends with a traceback.

    A character that an encoding lacks becomes a replacement or an escape. What standard error does
    not take is dropped. Where standard output takes no more, the block ends with exit code 1 (but
    see ``ignoring_output_errors``), and one line says why, unless the reader of a pipe left.
    """
    before = sys.stdin, sys.stdout, sys.stderr
    _occupy_descriptors()
    sys.stdin = sys.stdin or io.TextIOWrapper(io.BytesIO())
    sys.stderr = open_output(sys.stderr, needed=False)
    sys.stdout = open_output(sys.stdout, needed=True)
    try:
        yield
    except OutputError as error:
        raise SystemExit(1) from error
    except SystemExit as end:
        if not end.code and _output_error() is not None:
            raise SystemExit(1) from end
        raise
    finally:
        with ignoring_output_errors():
            sys.stdout.flush()
        failure = _output_error()
        if failure is not None and failure.errno != errno.EPIPE:
            click.echo(f"Error: cannot write to standard output: {failure.strerror}", err=True)
        sys.stdin, sys.stdout, sys.stderr = before


@contextmanager
def ignoring_output_errors() -> Iterator[None]:
    """A ``with`` block that is worth more than its output: it continues without any."""
    output = _raw_output()
    if output is not None:
        output.needed = False
    try:
        yield
    finally:
        if output is not None:
            output.needed = True


def _raw_output() -> RawOutput | None:
    """That of standard output; None where ``standard_streams`` left the stream as it was."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw if isinstance(raw, RawOutput) else None


def _output_error() -> OSError | None:
    """Why standard output took no more; None if it took all."""
    output = _raw_output()
    return output.error if output is not None else None


def _occupy_descriptors() -> None:
    """Open closed standard descriptors: no file of ours may get the number that others print to."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
