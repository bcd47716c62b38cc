"""Byte-level byte-pair encoding with a vocabulary that somebody else learned.

The ids are those of its source, so that the weights that were trained with them fit. What differs
from ``byte-bpe`` is the pattern of a word, where the special tokens stand, and that such a
vocabulary may lack bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.special_tokens import SPECIAL_IDS
from npgpt_tokenizers.base import UNKNOWN_TEXT
from npgpt_tokenizers.checks import check_list, check_texts
from npgpt_tokenizers.coding import MergingTokenizer
from npgpt_tokenizers.merging import PairMerges, WholeWordCache, WordCache
from npgpt_tokenizers.patterns import PATTERNS
from npgpt_tokenizers.ranks import merges_of_ranks
from npgpt_tokenizers.state import Fields
from npgpt_tokenizers.symbols import Spelling
from npgpt_tokenizers.vocabulary_checks import (
    check_special_id,
    check_special_tokens,
    check_tokens,
    merged_symbols,
)


class PretrainedBPETokenizer(MergingTokenizer):
    """Byte-pair encoding of UTF-8 bytes with a given vocabulary: ``from_vocabulary(...)``.

    Lossless on every string if the vocabulary has all 256 bytes. Where it lacks some, as SmolLM2's
    lacks 21, each such byte becomes ``unk_id``, which decodes to U+FFFD; without an ``unk_id``,
    encoding it is an ``NpgptError``. ``repr`` says which it lacks. An id that has neither bytes nor
    a special token decodes to U+FFFD, too.

    Text never becomes a special token, ``unk_id`` apart, because no merge makes one.
    """

    name = "pretrained-bpe"

    pad_id = unk_id = bos_id = eos_id = None

    def __init__(self) -> None:
        self._special_tokens: dict[str, int] = {}

    @classmethod
    def from_vocabulary(
        cls,
        tokens: Sequence[bytes | None],
        merges: Iterable[tuple[int, int]] | None = None,
        *,
        pattern: str = "gpt2",
        special_tokens: Mapping[str, int] | None = None,
        pad_id: int | None = None,
        unk_id: int | None = None,
        bos_id: int | None = None,
        eos_id: int | None = None,
        ignore_merges: bool = False,
    ) -> Self:
        """The tokenizer of a vocabulary.

        Args:
            tokens: The bytes of each id, none twice; None for a special token's id and for one that
                stands for nothing.
            merges: Pairs of ids, the first learned first; None where the ids are ranks, as
                tiktoken's are, so that the order of the tokens tells their merges.
            pattern: What a word is: a name of ``patterns.PATTERNS``.
            special_tokens: Spelling -> id.
            pad_id: A special token's id, or None.
            unk_id: What becomes of a byte that the vocabulary lacks; None is kept if it lacks none.
            bos_id: A special token's id, or None.
            eos_id: A special token's id, or None.
            ignore_merges: Whether a word that is a token is taken at once, whatever the merges
                make of it, as Llama 3 and tiktoken do.

        Raises:
            NpgptError: Something of it contradicts the rest.
        """
        tokenizer = cls()
        special_ids = {"pad_id": pad_id, "unk_id": unk_id, "bos_id": bos_id, "eos_id": eos_id}
        tokenizer._set_vocabulary(
            check_list("tokens", tokens),
            None if merges is None else check_list("merges", merges),
            pattern,
            {} if special_tokens is None else special_tokens,
            special_ids,
            ignore_merges,
        )
        return tokenizer

    @property
    def special_tokens(self) -> dict[str, int]:
        """Spelling -> id, as the source of the vocabulary has them."""
        return dict(self._special_tokens)

    def train(self, texts: Iterable[str]) -> None:
        """Leave the texts unread, because the vocabulary was learned before.

        Raises:
            NpgptError: There is no vocabulary yet.
        """
        check_texts(texts)
        self._require_trained()

    def options(self) -> dict[str, Any]:
        """No options: all there is to say is the vocabulary."""
        return {}

    def vocabulary(self) -> dict[str, Any]:
        """All of it; the bytes of a token are written as characters, U+0000 to U+00FF."""
        return {
            "pattern": self._pattern,
            "ignore_merges": self._ignore_merges,
            "special_tokens": self.special_tokens,
            **{name: getattr(self, name) for name in SPECIAL_IDS},
            "tokens": [token and token.decode("latin-1") for token in self._tokens],
            "merges": [list(pair) for pair in self._merges],
        }

    def restore(self, fields: Fields) -> None:
        """Take the vocabulary from a state, and check it like any other."""
        texts = fields.take("tokens")
        try:
            tokens = [text if text is None else text.encode("latin-1") for text in texts]
        except (TypeError, AttributeError, UnicodeEncodeError):
            what = "a list of null and of strings of the characters U+0000 to U+00FF"
            raise fields.error(f"'tokens' must be {what}") from None
        merges, special_tokens = fields.pairs("merges"), fields.mapping("special_tokens")
        special_ids = {name: fields.take(name) for name in SPECIAL_IDS}
        pattern, ignore_merges = fields.take("pattern"), fields.take("ignore_merges")
        try:
            self._set_vocabulary(
                tokens, merges, pattern, special_tokens, special_ids, ignore_merges
            )
        except NpgptError as error:
            raise fields.error(str(error)) from error

    def __repr__(self) -> str:
        """How much there is of what, and which bytes the vocabulary lacks."""
        if not self._trained:
            return "PretrainedBPETokenizer()"
        lacking = " ".join(f"{byte:02X}" for byte in self._lacking) or "none"
        return (
            f"PretrainedBPETokenizer({self.vocab_size:,} ids, pattern {self._pattern!r},"
            f" {len(self._special_tokens):,} special tokens, bytes that it lacks: {lacking})"
        )

    def _set_vocabulary(
        self,
        tokens: list[bytes | None],
        merges: list[tuple[int, int]] | None,
        pattern: str,
        special_tokens: Mapping[str, int],
        special_ids: Mapping[str, int | None],
        ignore_merges: bool,
    ) -> None:
        if not isinstance(pattern, str) or pattern not in PATTERNS:
            raise NpgptError(f"pattern={short_repr(pattern)}: give one of {', '.join(PATTERNS)}")
        if type(ignore_merges) is not bool:
            raise NpgptError(f"ignore_merges={short_repr(ignore_merges)}: give True or False")
        ids = check_tokens(tokens)
        special_tokens = check_special_tokens(special_tokens, tokens)
        for name, i in special_ids.items():
            setattr(self, name, check_special_id(name, i, special_tokens))
        self._lacking = [byte for byte in range(256) if bytes([byte]) not in ids]
        self.unk_id = self.unk_id if self._lacking else None
        self._byte_ids = [ids.get(bytes([byte]), self.unk_id) for byte in range(256)]
        merges = merges_of_ranks(tokens) if merges is None else merges
        merged = PairMerges(merged_symbols(merges, tokens, ids))
        spelling = Spelling({}, self._spell)
        if ignore_merges:
            self._cache = WholeWordCache(spelling, merged, ids)
        else:
            self._cache = WordCache(spelling, merged)
        silent = {*special_tokens.values()} - {self.unk_id}
        self._bytes_of_id = [
            token or (b"" if i in silent else UNKNOWN_TEXT.encode())
            for i, token in enumerate(tokens)
        ]
        self._tokens, self._merges = tokens, [(int(left), int(right)) for left, right in merges]
        self._special_tokens = special_tokens
        self._pattern, self._word = pattern, PATTERNS[pattern]
        self._ignore_merges, self._trained = ignore_merges, True

    def _spell(self, character: str) -> Iterable[int]:
        """The ids of a character's bytes in UTF-8."""
        for byte in character.encode("utf-8", "surrogatepass"):
            i = self._byte_ids[byte]
            if i is None:
                raise NpgptError(
                    f"the vocabulary has no token for the byte 0x{byte:02X} of {character!r}, and"
                    " no unk_id that could stand for it: leave the character out"
                )
            yield i

    def _require_trained(self) -> None:
        if not self._trained:
            raise NpgptError(
                f"the tokenizer {self.name!r} learns nothing from texts and has no vocabulary yet:"
                " import a model of another program (`npgpt import SOURCE`, of npgpt-convert) and"
                " start from the run that it makes, or call from_vocabulary(tokens)"
            )
