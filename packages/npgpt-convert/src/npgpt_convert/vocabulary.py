"""A vocabulary of byte-level byte-pair encoding, between the file formats and the tokenizers.

A reader of a format makes a ``Vocabulary``, and a writer takes one; neither knows a tokenizer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from npgpt_convert.byte_spelling import unspelled
from npgpt_core import registry
from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.protocols import Tokenizer

MAX_TOKENS = 2**20  # four times the largest vocabulary in use


@dataclass(frozen=True)
class Vocabulary:
    """What a file says of a tokenizer.

    Attributes:
        tokens: bytes of each id, in the order of the ids; None where an id is that of a special
            token or of nothing.
        merges: pairs of ids, the first learned first; None where the ids are ranks, as tiktoken's
            are: two neighbours become the token that their bytes make, the lowest id first.
        pattern: name of what splits a text into words: gpt2, smollm, llama3, qwen2, cl100k, o200k.
        special_tokens: spelling -> id.
        pad_id, unk_id, bos_id, eos_id: ids of special tokens, or None.
        ignore_merges: whether a word that is a token is taken at once, as Llama 3 and tiktoken do.
    """

    tokens: Sequence[bytes | None]
    merges: Sequence[tuple[int, int]] | None
    pattern: str
    special_tokens: Mapping[str, int]
    pad_id: int | None = None
    unk_id: int | None = None
    bos_id: int | None = None
    eos_id: int | None = None
    ignore_merges: bool = False

    @classmethod
    def from_spellings(
        cls,
        tokens: Sequence[str | None],
        merges: Iterable[Sequence[str]],
        *,
        special_tokens: Mapping[str, int],
        **others: Any,
    ) -> Self:
        """The vocabulary whose tokens and merges are spelled as in GPT-2's files.

        Args:
            tokens: of each id; what stands at the ids of special tokens is not looked at.
            merges: pairs of spelled tokens.
            special_tokens: spelling -> id.
            others: the other attributes by name.

        Raises:
            NpgptError: a token is not spelled so, or stands there twice; a merge joins no tokens.
        """
        require_count(len(tokens))
        special = set(special_tokens.values())
        listed = [None if i in special else token for i, token in enumerate(tokens)]
        ids = {token: i for i, token in enumerate(listed) if token is not None}
        if len(ids) < sum(token is not None for token in listed):
            twice = next(t for i, t in enumerate(listed) if t is not None and ids[t] != i)
            raise NpgptError(f"the vocabulary has the token {short_repr(twice, 60)} twice")
        return cls(
            tokens=[None if token is None else _bytes(token) for token in listed],
            merges=[_pair(merge, ids) for merge in merges],
            special_tokens=special_tokens,
            **others,
        )

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> Self:
        """The vocabulary of a tokenizer of npgpt: a ``byte-bpe`` or ``pretrained-bpe``.

        Raises:
            NpgptError: it is of another kind, whose tokens are no bytes.
        """
        state = tokenizer.state()
        match state.get("tokenizer"):
            case "byte-bpe":
                special = len(tokenizer.special_tokens)  # the first ids
                ids = range(special, tokenizer.vocab_size)
                tokens = [None] * special + [_token_bytes(tokenizer, i) for i in ids]
                others: dict[str, Any] = {"pattern": "gpt2", "unk_id": None}
            case "pretrained-bpe":
                tokens = [text and text.encode("latin-1") for text in state["tokens"]]
                names = ("pattern", "unk_id", "ignore_merges")
                others = {name: state[name] for name in names}
            case kind:
                raise NpgptError(
                    f"the tokens of the tokenizer {short_repr(kind)} are no bytes: train"
                    " with byte-bpe"
                )
        return cls(
            tokens=tokens,
            merges=[(left, right) for left, right in state["merges"]],
            special_tokens=dict(tokenizer.special_tokens),
            pad_id=tokenizer.pad_id,
            bos_id=tokenizer.bos_id,
            eos_id=tokenizer.eos_id,
            **others,
        )

    def padded(self, size: int) -> Self:
        """The same with unused ids at the end, where a model has more rows than tokens.

        Raises:
            NpgptError: the model has fewer.
        """
        if size < len(self.tokens):
            raise NpgptError(
                f"the vocabulary has {len(self.tokens):,} ids and the model {size:,}: they do not"
                " belong together"
            )
        require_count(size)
        return replace(self, tokens=[*self.tokens, *[None] * (size - len(self.tokens))])

    def tokenizer(self) -> Tokenizer:
        """The tokenizer of npgpt.

        Raises:
            NpgptError: the vocabulary contradicts itself, or no ``pretrained-bpe`` is installed.
        """
        kind = registry.load("tokenizer", "pretrained-bpe")
        tokenizer: Tokenizer = kind.from_vocabulary(
            **{field.name: getattr(self, field.name) for field in fields(self)}
        )
        return tokenizer


def listed(ids: Mapping[str, Any], size: int = 0) -> list[str | None]:
    """Tokens in the order of their ids, and None where there is none; ``size`` or more.

    Raises:
        NpgptError: an id is none, belongs to two tokens, or is beyond what any vocabulary has.
    """
    if not all(type(i) is int and i >= 0 for i in ids.values()):
        raise NpgptError("the vocabulary must map tokens to ids, whole numbers from 0")
    size = max([size, *(i + 1 for i in ids.values())])
    require_count(size)
    tokens: list[str | None] = [None] * size
    for token, i in ids.items():
        if tokens[i] is not None:
            raise NpgptError(
                f"the tokens {short_repr(tokens[i], 60)} and {short_repr(token, 60)} have the"
                f" same id {i}"
            )
        tokens[i] = token
    return tokens


def require_count(count: int) -> None:
    """Raise an ``NpgptError`` where a vocabulary claims more tokens than any has."""
    if count > MAX_TOKENS:
        raise NpgptError(f"the vocabulary has {count:,} tokens, and npgpt reads {MAX_TOKENS:,}")


def _bytes(token: str) -> bytes:
    data = unspelled(token)
    if not data:
        raise NpgptError(
            f"the token {short_repr(token, 60)} is not spelled in bytes, as GPT-2's are: npgpt"
            " reads byte-level BPE, and neither SentencePiece nor WordPiece"
        )
    return data


def _pair(merge: Sequence[str], ids: Mapping[str, int]) -> tuple[int, int]:
    try:
        left, right = merge
        return ids[left], ids[right]
    except (KeyError, TypeError, ValueError):
        raise NpgptError(f"the merge {short_repr(merge, 80)} is no pair of two tokens") from None


def _token_bytes(tokenizer: Any, i: int) -> bytes:
    token: bytes = tokenizer.token_bytes(i)  # which the protocol leaves to the tokenizer
    return token
