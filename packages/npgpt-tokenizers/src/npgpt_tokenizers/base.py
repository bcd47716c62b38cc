"""What every tokenizer here is: special tokens first, options, and a state that makes it again."""

import json
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from os import PathLike, fspath
from typing import Any, ClassVar, Self

from npgpt_core.errors import NpgptError
from npgpt_core.types import Ids
from npgpt_tokenizers.state import Fields, headed

PAD, UNK, BOS, EOS = range(4)

SPECIAL_TOKENS = {"<pad>": PAD, "<unk>": UNK, "<bos>": BOS, "<eos>": EOS}
"""The first ids of every tokenizer here. They are never produced from text that spells them."""

SIZES: Mapping[str, Mapping[str, int]] = {
    "tiny": {"vocab_size": 512},
    "quick": {"vocab_size": 2048},
}
"""The ``presets`` of a tokenizer that takes a vocabulary size."""

UNKNOWN_TEXT = "\ufffd"  # what <unk> decodes to; the other special tokens decode to nothing


class BaseTokenizer(ABC):
    """State and special tokens; a tokenizer adds train, encode and decode.

    A subclass names itself in ``name`` and says in ``options``, ``vocabulary`` and ``restore`` what
    its state holds. Whatever can be given to ``__init__`` belongs to ``options``, whatever
    ``train`` learned to ``vocabulary``.
    """

    name: ClassVar[str]
    """The registered name (``npgpt train --tokenizer NAME``); the state carries it."""

    pad_id: int | None = PAD
    unk_id: int | None = UNK
    bos_id: int | None = BOS
    eos_id: int | None = EOS

    _trained = False

    @property
    def special_tokens(self) -> dict[str, int]:
        """``<pad> <unk> <bos> <eos>``, ids 0 to 3; no text encodes to pad, bos or eos."""
        return dict(SPECIAL_TOKENS)

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
    def vocabulary(self) -> dict[str, Any]:
        """What ``train`` learned, as fields of JSON values: copies."""

    @abstractmethod
    def restore(self, fields: Fields) -> None:
        """Take every field of ``vocabulary`` from a state that may be damaged or hostile."""

    def state(self) -> dict[str, Any]:
        """The options and the vocabulary as a JSON object; the same tokenizer, the same state."""
        self._require_trained()
        return headed(self.name, {"options": self.options(), **self.vocabulary()})

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The tokenizer that ``state`` gave; anything else is an ``NpgptError``."""
        fields = Fields(cls.name, state)
        options = fields.mapping("options")
        try:
            tokenizer = cls(**options)
        except (TypeError, NpgptError) as error:
            raise fields.error(f"its options do not fit: {error}") from error
        tokenizer.restore(fields)
        fields.require_empty()
        return tokenizer

    def save(self, path: str | PathLike[str]) -> None:
        """Deprecated since 0.2: write ``state()`` with ``json.dump``."""
        _warn("save(path) is deprecated: write json.dump(tokenizer.state(), file)")
        state = self.state()
        try:
            with open(path, "w", encoding="ascii") as file:
                json.dump(state, file)
        except (OSError, ValueError) as error:  # ValueError: a null character in the path
            raise NpgptError(f"cannot write a tokenizer to {fspath(path)!r}: {error}") from error

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Deprecated since 0.2: give ``from_state`` what ``json.load`` reads."""
        _warn(f"load(path) is deprecated: write {cls.__name__}.from_state(json.load(file))")
        try:
            with open(path, encoding="utf-8") as file:
                state = json.load(file)
        except (OSError, ValueError, RecursionError) as error:
            raise NpgptError(f"cannot read a tokenizer from {fspath(path)!r}: {error}") from error
        return cls.from_state(state)

    def _require_trained(self) -> None:
        if not self._trained:
            raise NpgptError(
                f"this {type(self).__name__} has no vocabulary yet: call train([text]) first, "
                f"or {type(self).__name__}.from_state(state)"
            )


def _warn(text: str) -> None:
    warnings.warn(text, DeprecationWarning, stacklevel=3)
