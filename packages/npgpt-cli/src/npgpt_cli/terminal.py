"""The standard streams: what they are, what their encodings lack, and what if they take no more."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import click

STAND_INS = str.maketrans("█▓▒░·–—…×→↵⇥␣‖‘’“”", "#*+-.--~x>$>_|''\"\"")
"""One character of ASCII, so that columns stay, for each of ours that an encoding may lack."""


class OutputError(Exception):
    """Standard output takes no more."""


class Outlet(io.RawIOBase):
    """The bytes of a standard stream, which may be closed, full, or a pipe that nobody reads.

    Args:
        raw: what takes the bytes; None if the stream is closed.
        needed: raise an ``OutputError`` at the first failure. Without, and after it, what is
            written is dropped.
    """

    def __init__(self, raw: Any, *, needed: bool) -> None:
        super().__init__()
        self._raw, self.needed = raw, needed
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        """Pass bytes on, or drop them."""
        if self.error is None:
            try:
                return self._pass_on(data)
            except OSError as error:
                self.error = error
                if self.needed:
                    raise OutputError(error.strerror) from error
        return len(data)

    def _pass_on(self, data: Any) -> int:
        if self._raw is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        while (count := self._raw.write(data)) is None:
            time.sleep(0.01)  # it does not block, and its reader is slow
        return int(count)

    def writable(self) -> bool:
        """It is."""
        return True

    def fileno(self) -> int:
        """The descriptor of the stream."""
        if self._raw is None:
            raise io.UnsupportedOperation("the stream is closed")
        return int(self._raw.fileno())

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._raw is not None and bool(self._raw.isatty())


class AsciiStream(io.TextIOWrapper):
    """Text in ASCII, called Latin-1: click takes ASCII for a mistake, and would write UTF-8."""

    def write(self, text: str) -> int:
        """Write text, without what ASCII lacks."""
        return super().write(text.encode("ascii", "npgpt").decode("ascii"))


def is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


@contextmanager
def standard_streams() -> Iterator[None]:
    """A ``with`` block that no state or encoding of a standard stream ends with a traceback.

    What an encoding lacks becomes a stand-in or an escape. What standard error does not take is
    dropped. Where standard output takes no more, the block ends (but see ``outlasting_output``),
    which is told in one line unless its reader left, and the exit code is 1 instead of 0.
    """
    before = sys.stdin, sys.stdout, sys.stderr
    _occupy_descriptors()
    sys.stdin = sys.stdin or io.TextIOWrapper(io.BytesIO())
    sys.stderr = _opened(sys.stderr, needed=False)
    sys.stdout = _opened(sys.stdout, needed=True)
    try:
        yield
    except OutputError as error:
        raise SystemExit(1) from error
    except SystemExit as end:
        if not end.code and _lost() is not None:
            raise SystemExit(1) from end
        raise
    finally:
        with outlasting_output():
            sys.stdout.flush()
        lost = _lost()
        if lost is not None and lost.errno != errno.EPIPE:
            click.echo(f"Error: cannot write to standard output: {lost.strerror}", err=True)
        sys.stdin, sys.stdout, sys.stderr = before


@contextmanager
def outlasting_output() -> Iterator[None]:
    """A ``with`` block that is worth more than its output: it goes on when nobody can be told."""
    outlet = _outlet()
    if outlet is not None:
        outlet.needed = False
    try:
        yield
    finally:
        if outlet is not None:
            outlet.needed = True


def _outlet() -> Outlet | None:
    """That of standard output; None where ``standard_streams`` left the stream as it was."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw if isinstance(raw, Outlet) else None


def _lost() -> OSError | None:
    """Why standard output took no more; None if it took all."""
    outlet = _outlet()
    return outlet.error if outlet is not None else None


def _occupy_descriptors() -> None:
    """Open closed standard descriptors: no file of ours may get the number that others print to."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free


def _opened(stream: TextIO | None, *, needed: bool) -> TextIO:
    """The same stream through an ``Outlet``, with an encoding that takes every text."""
    if stream is None:
        nowhere = io.BufferedWriter(Outlet(None, needed=needed))
        return io.TextIOWrapper(nowhere, encoding="utf-8", errors="npgpt")
    buffer = getattr(stream, "buffer", None)
    if buffer is None:  # a notebook's, or a test's
        return stream
    stream.flush()
    is_ascii = codecs.lookup(stream.encoding).name == "ascii"
    wrapper = AsciiStream if is_ascii else io.TextIOWrapper
    return wrapper(
        io.BufferedWriter(Outlet(getattr(buffer, "raw", buffer), needed=needed)),
        encoding="latin-1" if is_ascii else stream.encoding,
        errors="npgpt",
        line_buffering=bool(stream.line_buffering or getattr(stream, "write_through", False)),
    )


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """The handler of what an encoding lacks: see ``codecs.register_error``."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end].translate(STAND_INS)
    return lacking.encode("ascii", "backslashreplace").decode("ascii"), error.end


codecs.register_error("npgpt", _stand_in)
