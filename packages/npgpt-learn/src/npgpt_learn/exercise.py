"""An exercise: a folder with its words, its solution, the known mistakes, and how it is marked.

::

    03_linear/
        statement.md   what to do, three hints, and what was learned (``statement``)
        solution.py    the right code; what is the learner's stands under marks (``skeleton``)
        mistakes.py    MISTAKES: wrong lines, each with its hint
        marking.py     MARKING: how results are measured, and by what truth; or a list of such
        files/         whatever else the learner's folder gets, if anything
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from npgpt_core.errors import NpgptError
from npgpt_learn.naming import NAME
from npgpt_learn.skeleton import skeleton_of, without_docstring
from npgpt_learn.statement import Statement

if TYPE_CHECKING:
    from npgpt_learn.marking.judge import Judge
    from npgpt_learn.marking.marking import Marking
    from npgpt_learn.report import Report


@dataclass(frozen=True)
class Mistake:
    """A classic mistake, written for a line that is right.

    Attributes:
        right: text that stands once in the solution.
        wrong: what stands there instead; one that fails with an error is a mistake too.
        hint: what a learner is told whose results are the same.
    """

    right: str
    wrong: str
    hint: str

    def made_in(self, solution: str) -> str:
        """The solution with this mistake.

        Raises:
            NpgptError: the right text is not there, or more than once.
        """
        if solution.count(self.right) != 1:
            raise NpgptError(
                f"the text {self.right!r} is {solution.count(self.right)} times in the solution,"
                " expected once"
            )
        return solution.replace(self.right, self.wrong)


class Exercise:
    """One exercise; its files are read when they are asked for.

    Args:
        folder: with its four files, named ``NN_topic``.

    Raises:
        NpgptError: the folder has another name.
    """

    def __init__(self, folder: Path) -> None:
        named = NAME.fullmatch(folder.name)
        if named is None:
            raise NpgptError(f"{folder.name} is no exercise's name, expected such as 03_linear")
        self.folder, self.name = folder, folder.name
        self.number, self.topic = int(named["number"]), named["topic"]
        self._judges: dict[int, Judge] = {}

    @functools.cached_property
    def statement(self) -> Statement:
        """Its words.

        Raises:
            NpgptError: one is missing.
        """
        return Statement.parse(self._read("statement.md"))

    @functools.cached_property
    def solution(self) -> str:
        """The source of the right code."""
        return self._read("solution.py")

    @functools.cached_property
    def learners_file(self) -> str:
        """What the learner gets: the statement above the skeleton."""
        statement = self.statement
        heading = f"{self.number:02} · {statement.title}"
        code = without_docstring(skeleton_of(self.solution))
        return f'r"""{heading}\n\n{statement.text}\n"""\n\n{code}'

    @property
    def files(self) -> dict[str, str]:
        """What the learner's folder gets besides: path in it -> text; no bytecode of pip's."""
        folder = self.folder / "files"
        found = (path for path in sorted(folder.rglob("*")) if path.is_file())
        paths = (path for path in found if path.parent.name != "__pycache__")
        return {p.relative_to(folder).as_posix(): p.read_text(encoding="utf-8") for p in paths}

    @functools.cached_property
    def mistakes(self) -> tuple[Mistake, ...]:
        """The known mistakes."""
        return tuple(self._defined("mistakes.py")["MISTAKES"])

    @functools.cached_property
    def markings(self) -> tuple[Marking, ...]:
        """How it is marked: one after the other. This imports NumPy."""
        marking = self._defined("marking.py")["MARKING"]
        return tuple(marking) if isinstance(marking, list) else (marking,)

    @property
    def seconds(self) -> float:
        """What marking may take."""
        return sum(marking.seconds for marking in self.markings)

    def mark(self, source: str, seed: int = 0) -> Report:
        """Mark code in this process: code that is trusted. ``seed`` draws the inputs."""
        from npgpt_learn.marking.judge import Judge  # imports NumPy

        if seed not in self._judges:
            self._judges[seed] = Judge(self, seed)
        return self._judges[seed].mark(source)

    def _read(self, file: str) -> str:
        return (self.folder / file).read_text(encoding="utf-8")

    def _defined(self, file: str) -> dict[str, Any]:
        """What a Python file of the folder defines; its name is no name of a module."""
        names: dict[str, Any] = {"__name__": f"{self.name}.{file}"}
        exec(compile(self._read(file), self.folder / file, "exec"), names)
        return names
