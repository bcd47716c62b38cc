"""The code of a solution, a mistake or a learner, and its functions, called with care."""

import ast
import functools
import re
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np

from npgpt_learn.marking.limits import TooMuchOutput

SAID = 300  # characters that are shown of an error

_NO_FIT = re.compile(r"broadcast together with shapes \(([\d,]+)\) \(([\d,]+)\)$")


class Failure(Exception):
    """What the code raised.

    Args:
        text: what it was.
        line: its number in the file; 0 where there is none.
        shapes: "name is (5, 3)" for each array that is named on the line.
    """

    def __init__(self, text: str, line: int = 0, shapes: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.text, self.line, self.shapes = text, line, tuple(shapes)


class Code:
    """A file's code, executed; its functions are attributes.

    Args:
        source: of the file, which compiles.
        filename: where it is, or what it is.

    Raises:
        Failure: it raises.
    """

    def __init__(self, source: str, filename: str) -> None:
        self.source, self.filename = source, filename
        self.names: dict[str, Any] = {"__name__": "exercise"}
        code = _compiled(source, filename)
        self.watched(lambda: exec(code, self.names))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """A function of the code, by its name.

        Calling it raises a ``Failure`` where there is no such function, or where it raises.
        """
        function = self.names.get(name)
        if not callable(function):
            raise Failure(f"there is no function {name} in the file any more")
        return lambda *arguments: self.watched(lambda: function(*arguments))

    def watched(self, run: Callable[[], Any]) -> Any:
        """What a function gives that uses the code.

        Raises:
            Failure: it raises.
        """
        try:
            with np.errstate(all="ignore"):
                return run()
        except (KeyboardInterrupt, Failure):
            raise
        except BaseException as error:  # a learner's code may raise anything, SystemExit too
            failure = self._failure(error)
        raise failure  # out here, without the error, whose frames hold the learner's arrays

    def _failure(self, error: BaseException) -> Failure:
        """What an error says to whoever wrote the code."""
        text = said(error)
        match error:
            case SystemExit():
                text = "the code ended the program (exit or sys.exit): leave that out"
            case TooMuchOutput():
                text = f"{error}: print less, and outside of loops"
            case MemoryError():
                reason = text.partition(": ")[2]
                text = "the code needs more memory than it may take"
                text += f" ({reason})" if reason else ""
            case NameError(name="np"):
                text += ": write import numpy as np above the functions"
            case ValueError() if "read-only" in text:
                text = "this writes into an array that belongs to the caller: make a new array"
            case ValueError():
                text += _lost_axis(text)
        frames = [
            (frame, line)
            for frame, line in traceback.walk_tb(error.__traceback__)
            if frame.f_code.co_filename == self.filename
        ]
        if not frames:
            return Failure(text)
        frame, line = frames[-1]
        return Failure(text, line, _shapes(frame, self.source.splitlines()[line - 1]))


def _lost_axis(text: str) -> str:
    """What is added where two arrays do not fit, because one of them has lost the last axis."""
    shapes = _NO_FIT.search(text)
    if shapes is None:
        return ""
    sizes = ([int(size) for size in shape.split(",") if size] for shape in shapes.groups())
    short, long = sorted(sizes, key=len)
    if long[:-1] != short:
        return ""
    return (
        f". If {tuple(short)} is a sum or a mean along each row, keepdims=True makes it"
        f" {(*short, 1)}, which fits"
    )


def said(error: BaseException) -> str:
    """The kind of an error and its message, in a line that is not too long."""
    try:
        message = str(error)
    except Exception:  # a learner's class
        message = ""
    text = " ".join(f"{type(error).__name__}: {message}".split()).removesuffix(":")
    return text if len(text) <= SAID else f"{text[:SAID]}..."


def read_source(file: Path) -> str:
    """The text of a file of Python; some editors on Windows begin one with a mark of UTF-8."""
    return file.read_text(encoding="utf-8-sig")


@functools.lru_cache(maxsize=1)  # one file is executed for every case
def _compiled(source: str, filename: str) -> CodeType:
    return compile(source, filename, "exec", dont_inherit=True)


def _shapes(frame: FrameType, line: str) -> list[str]:
    """What the arrays that a line names look like."""
    known = {**frame.f_globals, **frame.f_locals}
    names = dict.fromkeys(re.findall(r"[^\W\d]\w*", line))
    return [f"{n} is {known[n].shape}" for n in names if isinstance(known.get(n), np.ndarray)]


def parameters_of(source: str, function: str) -> list[str]:
    """The names of a function's parameters."""
    return [argument.arg for argument in _definition(source, function).args.args]


def returned_by(source: str, function: str) -> list[str]:
    """The names that a function returns: those in its last line."""
    last = _definition(source, function).body[-1]
    value = last.value if isinstance(last, ast.Return) else None
    names = value.elts if isinstance(value, ast.Tuple) else [value]
    return [name.id for name in names if isinstance(name, ast.Name)]


def same_function(function: str, source: str, other: str) -> bool:
    """Whether two sources define a function by the same code."""
    return ast.dump(_definition(source, function)) == ast.dump(_definition(other, function))


def _definition(source: str, function: str) -> ast.FunctionDef:
    definitions = {n.name: n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)}
    return definitions[function]
