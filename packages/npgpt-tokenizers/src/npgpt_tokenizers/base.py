"""What every tokenizer here is: special tokens first, options, and one JSON file for its state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any, ClassVar, Self

from npgpt_core.errors import NpgptError
from npgpt_core.protocols import SPECIAL_TOKENS
from npgpt_core.types import Ids
from npgpt_tokenizers.storage import Record, read_record, write_record

PAD, UNK, BOS, EOS = range(4)  # the ids of SPECIAL_TOKENS, in every tokenizer

UNKNOWN_TEXT = "\ufffd"  # what <unk> decodes to; the other special tokens decode to nothing


class BaseTokenizer(ABC):
    """Saving, loading and the special tokens; a tokenizer adds train, encode and decode.

    A subclass names itself in ``name`` and says in ``options``, ``state`` and ``restore`` what its
    file holds. Whatever can be given to ``__init__`` belongs to ``options``, whatever ``train``
    learned to ``state``.
    """

    name: ClassVar[str]
    """The registered name (``npgpt train --tokenizer NAME``); the saved file carries it."""

    _trained = False

    @property
    def special_tokens(self) -> tuple[str, ...]:
        """``<pad> <unk> <bos> <eos>``, ids 0 to 3; no text encodes to pad, bos or eos."""
        return SPECIAL_TOKENS

    @property
    @abstractmethod
    def vocab_size(self) -> int:
        """Number of ids, special tokens included."""

    @abstractmethod
    def train(self, texts: Iterable[str]) -> None:
        """Learn the vocabulary from texts, each read once."""

    @abstractmethod
    def encode(self, text: str) -> Ids:
        """Ids of a text: int32, shape (n,)."""

    @abstractmethod
    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids."""

    @abstractmethod
    def options(self) -> dict[str, Any]:
        """The keyword arguments of ``__init__`` that make this tokenizer again, as JSON values."""

    @abstractmethod
    def state(self) -> Mapping[str, Any]:
        """What ``train`` learned, as fields of JSON values."""

    @abstractmethod
    def restore(self, record: Record) -> None:
        """Take every field of ``state`` from a file that may be damaged or hostile."""

    def save(self, path: str | PathLike[str]) -> None:
        """Write the options and the vocabulary as JSON; the same tokenizer, the same bytes."""
        self._require_trained()
        write_record(path, self.name, {"options": self.options(), **self.state()})

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """The tokenizer that ``save`` wrote; any other file is an ``NpgptError``."""
        record = read_record(path, cls.name)
        try:
            tokenizer = cls(**record.mapping("options"))
        except (TypeError, NpgptError) as error:
            raise record.error(f"its options do not fit: {error}") from error
        tokenizer.restore(record)
        record.require_empty()
        return tokenizer

    def _require_trained(self) -> None:
        if not self._trained:
            raise NpgptError(
                f"this {type(self).__name__} has no vocabulary yet: call train([text]) first, "
                f"or {type(self).__name__}.load(path)"
            )
