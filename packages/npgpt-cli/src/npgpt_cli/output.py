"""A standard stream that may be closed, full, or lack characters: none of that is a traceback."""

import codecs
import errno
import io
import os
import time
from typing import Any, TextIO

REPLACEMENTS = str.maketrans("█▓▒░·–—…×→↵⇥␣‖‘’“”✓✗", "#*+-.--~x>$>_|''\"\"+x")
"""Character -> one of ASCII for encodings that lack it, so that columns stay aligned."""


class OutputError(Exception):
    """Standard output takes no more."""


class RawOutput(io.RawIOBase):
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


def open_output(stream: TextIO | None, *, needed: bool) -> TextIO:
    """The same stream through a ``RawOutput``, with an encoding that takes every text."""
    if stream is None:
        nowhere = io.BufferedWriter(RawOutput(None, needed=needed))
        return io.TextIOWrapper(nowhere, encoding="utf-8", errors="npgpt")
    buffer = getattr(stream, "buffer", None)
    if buffer is None:  # a notebook's, or a test's
        return stream
    stream.flush()
    is_ascii = codecs.lookup(stream.encoding).name == "ascii"
    wrapper = AsciiStream if is_ascii else io.TextIOWrapper
    return wrapper(
        io.BufferedWriter(RawOutput(getattr(buffer, "raw", buffer), needed=needed)),
        encoding="latin-1" if is_ascii else stream.encoding,
        errors="npgpt",
        line_buffering=bool(stream.line_buffering or getattr(stream, "write_through", False)),
    )


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """The handler of what an encoding lacks: see ``codecs.register_error``."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end].translate(REPLACEMENTS)
    return lacking.encode("ascii", "backslashreplace").decode("ascii"), error.end


codecs.register_error("npgpt", _replaced)
