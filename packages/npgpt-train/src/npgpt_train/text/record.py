"""What a run records of its text, so that the same text can be found again and verified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.numbers import whole_number

INTEGER_LIMIT = 2**53  # whole numbers are below, so that every reader of JSON has them exactly
TEXT: tuple[type, str] = (str, "a text")
KINDS = {
    "tokens_sha256": TEXT,
    "folder": TEXT,
    "first_files": (list, "a list"),
    "skipped": (dict, "a dict"),
}


@dataclass(frozen=True, kw_only=True)
class TextRecord:
    """The text of a run; what npgpt 0.1.0 did not say from its beginning may be None.

    Args:
        characters: of the whole text.
        sha256: of the whole text in UTF-8, hexadecimal.
        files: how many were read.
        bytes: of these files.
        first_files: a few of their paths.
        skipped: why files were left out -> how many.
        tokens_sha256: of the tokens of both splits, hexadecimal.
        folder: from which relative paths lead.

    Raises:
        NpgptError: names what is none of that.
    """

    characters: int
    sha256: str
    files: int | None = None
    bytes: int | None = None
    first_files: Sequence[str] | None = None
    skipped: Mapping[str, int] | None = None
    tokens_sha256: str | None = None
    folder: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.sha256, str):
            raise NpgptError("data has no sha256")
        for name, value in vars(self).items():
            if name == "characters" or (name in ("files", "bytes") and value is not None):
                whole_number(f"data.{name}", value, below=INTEGER_LIMIT)
            if name in KINDS and not isinstance(value, KINDS[name][0] | None):
                raise NpgptError(f"data.{name} is {short_repr(value)}, expected {KINDS[name][1]}")

    def to_json(self) -> dict[str, Any]:
        """What is known, as JSON values."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, content: Any) -> TextRecord:
        """Read back what ``to_json`` gave; raises ``NpgptError`` on anything else."""
        known: dict[str, Any] = content if isinstance(content, dict) else {}
        values: dict[str, Any] = {field.name: known.get(field.name) for field in fields(cls)}
        return cls(**values)
