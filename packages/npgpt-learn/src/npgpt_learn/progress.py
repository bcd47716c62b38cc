"""What a learner has done, as a file in the learner's folder."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from npgpt_core.errors import NpgptError

FILE = "progress.json"


@dataclass
class Progress:
    """How far a learner is.

    Attributes:
        exercises: the name of the set.
        passed: names of exercises that are done.
        hints: how many hints of each were shown.
        given_up: names of exercises whose solution was shown before they were done.
    """

    exercises: str
    passed: list[str] = field(default_factory=list)
    hints: dict[str, int] = field(default_factory=dict)
    given_up: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Raise a TypeError where a field, or something in it, has another type."""
        empty = Progress("")
        for each in fields(self):
            value = getattr(self, each.name)
            if type(value) is not type(getattr(empty, each.name)):
                raise TypeError(each.name)
        counts = self.hints.values()
        if not all(isinstance(name, str) for name in (*self.passed, *self.given_up)):
            raise TypeError("a name")
        if not all(type(count) is int and count > 0 for count in counts):
            raise TypeError("a number of hints")

    @classmethod
    def read(cls, folder: Path) -> Progress:
        """The progress in a folder.

        Raises:
            NpgptError: it is damaged.
        """
        path = folder / FILE
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            progress = cls(**content)
            progress.check()
        except (ValueError, TypeError) as error:
            raise NpgptError(
                f"{path} is damaged: delete it, and `npgpt learn start` writes a new one; your"
                " exercises stay"
            ) from error
        except OSError as error:
            raise NpgptError(f"cannot read {path}: {error.strerror}") from error
        return progress

    def write(self, folder: Path) -> None:
        """Write it, whole or not at all.

        Raises:
            NpgptError: the folder cannot be written.
        """
        path = folder / FILE
        fresh = path.with_suffix(".json.new")
        try:
            fresh.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
            os.replace(fresh, path)
        except OSError as error:
            raise NpgptError(f"cannot write {path}: {error.strerror}") from error
