"""A tokenizer of npgpt as ``tokenizer.json``, which Hugging Face's tokenizers reads.

There, text that spells a special token becomes it, unless whoever reads asks otherwise
(``split_special_tokens``).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from npgpt_convert.byte_spelling import spelled
from npgpt_convert.formats.tokenizer_json.pre_tokenizers import pre_tokenizer, split
from npgpt_convert.vocabulary import Vocabulary
from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.protocols import Tokenizer

GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
"""The words of ``bpe``, whose tokens are characters, so that no ByteLevel splits for it."""


def tokenizer_json(tokenizer: Tokenizer) -> dict[str, Any]:
    """What the file says of a ``byte-bpe``, ``pretrained-bpe``, ``bpe`` or ``char``.

    Raises:
        NpgptError: it is of another kind, or two of its tokens have the same spelling.
    """
    state = tokenizer.state()
    if state.get("tokenizer") == "bpe":
        return _of_characters(tokenizer, state["alphabet"], state["merges"])
    if state.get("tokenizer") == "char":
        return _of_characters(tokenizer, state["characters"], [])
    vocabulary = Vocabulary.of(tokenizer)
    return _document(
        [None if token is None else spelled(token) for token in vocabulary.tokens],
        vocabulary.merges or (),
        vocabulary.special_tokens,
        pre_tokenizer=pre_tokenizer(vocabulary.pattern),
        decoder={
            "type": "ByteLevel",
            "add_prefix_space": True,
            "trim_offsets": True,
            "use_regex": True,
        },
        unk_id=vocabulary.unk_id,
        ignore_merges=vocabulary.ignore_merges,
    )


def tokenizer_config(tokenizer: Tokenizer) -> dict[str, Any]:
    """What ``tokenizer_config.json`` says beside it, so that ``AutoTokenizer`` opens the folder."""
    spellings = {i: spelling for spelling, i in tokenizer.special_tokens.items()}
    marks = {mark: getattr(tokenizer, f"{mark}_id") for mark in ("bos", "eos", "unk", "pad")}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        **{f"{mark}_token": spellings[i] for mark, i in marks.items() if i is not None},
    }


def _of_characters(
    tokenizer: Tokenizer, alphabet: Sequence[str], merges: Sequence[Sequence[int]]
) -> dict[str, Any]:
    """A ``bpe``, or a ``char``, which has no merges: what is not in the alphabet is ``<unk>``."""
    tokens: list[str | None] = [None] * len(tokenizer.special_tokens)
    tokens += alphabet
    for left, right in merges:
        tokens.append(f"{tokens[left]}{tokens[right]}")
    surrogates = [character for character in alphabet if "\ud800" <= character <= "\udfff"]
    if surrogates:
        raise NpgptError(
            f"the alphabet has the lone surrogate {surrogates[0]!a}, which tokenizer.json cannot"
            " hold: train on a text without it, or with byte-bpe"
        )
    return _document(
        tokens,
        merges,
        tokenizer.special_tokens,
        pre_tokenizer=split(GPT2),
        decoder={"type": "Fuse"},
        unk_id=tokenizer.unk_id,
        ignore_merges=False,
    )


def _document(
    tokens: Sequence[str | None],
    merges: Iterable[Sequence[int]],
    special_tokens: Mapping[str, int],
    *,
    pre_tokenizer: Mapping[str, Any],
    decoder: Mapping[str, Any],
    unk_id: int | None,
    ignore_merges: bool,
) -> dict[str, Any]:
    vocab: dict[str, int] = {}
    spellings = {i: spelling for spelling, i in special_tokens.items()}
    for i, token in enumerate(tokens):
        spelling = spellings.get(i, token)
        if spelling is None:
            continue
        if vocab.setdefault(spelling, i) != i:
            raise NpgptError(
                f"the ids {vocab[spelling]} and {i} are both spelled {short_repr(spelling, 60)},"
                " and tokenizer.json can hold one of them"
            )
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added(spelling, i) for i, spelling in sorted(spellings.items())],
        "normalizer": None,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": None,
        "decoder": decoder,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None if unk_id is None else spellings[unk_id],
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": ignore_merges,
            "vocab": vocab,
            "merges": [[tokens[left], tokens[right]] for left, right in merges],
        },
    }


def _added(spelling: str, i: int) -> dict[str, Any]:
    return {
        "id": i,
        "content": spelling,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": True,
    }
