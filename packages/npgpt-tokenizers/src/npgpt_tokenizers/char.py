"""The simplest tokenizer: one id for each character."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from npgpt_tokenizers.base import EOS, SPECIAL_TOKENS, UNK, UNKNOWN_TEXT, BaseTokenizer
from npgpt_tokenizers.checks import check_ids, check_text, check_texts
from npgpt_tokenizers.state import Fields


class CharTokenizer(BaseTokenizer):
    """One id for each character: after the special tokens, the characters of the text, sorted.

    Lossless on the characters it was trained on; any other becomes ``<unk>``, which decodes to
    U+FFFD. It has no options: the text decides the size of the vocabulary.
    """

    name = "char"

    def __init__(self) -> None:
        self._characters: list[str] = []

    @property
    def vocab_size(self) -> int:
        """Number of ids: the special tokens and the distinct characters."""
        self._require_trained()
        return len(SPECIAL_TOKENS) + len(self._characters)

    def train(self, texts: Iterable[str]) -> None:
        """Collect the characters of the texts."""
        characters: set[str] = set()
        for text in check_texts(texts):
            characters.update(text)
        self._set_characters(sorted(characters))

    def encode(self, text: str) -> npt.NDArray[np.int32]:
        """Ids of a text, one for each character: int32, shape (len(text),)."""
        self._require_trained()
        return self._id_of_code.take(_codes(check_text(text)), mode="clip")

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; special tokens give nothing, except ``<unk>``, which gives U+FFFD."""
        checked = check_ids(ids, self.vocab_size)
        spoken = checked[(checked == UNK) | (checked > EOS)]
        codes = self._code_of_id[spoken].tobytes()
        return codes.decode("utf-32-le", "surrogatepass")

    def options(self) -> dict[str, Any]:
        """No options."""
        return {}

    def vocabulary(self) -> dict[str, Any]:
        """The characters in the order of their ids."""
        return {"characters": list(self._characters)}

    def restore(self, fields: Fields) -> None:
        """Take the characters from a state."""
        self._set_characters(fields.characters("characters"))

    def _set_characters(self, characters: list[str]) -> None:
        specials = len(SPECIAL_TOKENS)
        codes = _codes("".join(characters))
        self._code_of_id = np.append(_codes(UNKNOWN_TEXT * specials), codes)
        # A code beyond the last character is clipped to the end of the table, which says <unk>.
        self._id_of_code = np.full(int(codes.max(initial=0)) + 2, UNK, np.int32)
        self._id_of_code[codes] = np.arange(specials, specials + len(characters))
        self._characters = characters
        self._trained = True


def _codes(text: str) -> npt.NDArray[np.uint32]:
    """Code points of a text, lone surrogates included: shape (len(text),)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))
