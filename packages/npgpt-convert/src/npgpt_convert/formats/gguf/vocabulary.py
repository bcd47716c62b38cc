"""The tokenizer in GGUF's metadata, ``tokenizer.ggml.*``, as a vocabulary, and back.

Read and written is the model ``gpt2``: byte-level BPE. What splits a text into words is known by a
name, ``pre``; a file holds no pattern.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

from npgpt_convert.byte_spelling import spelled
from npgpt_convert.formats.gguf.values import Value
from npgpt_convert.vocabulary import Vocabulary
from npgpt_core.errors import NpgptError, short_repr

T = TypeVar("T", str, int)

PREFIX = "tokenizer.ggml."
MODEL = "gpt2"

WRITTEN = {"gpt2": "gpt-2", "smollm": "smollm", "llama3": "llama-bpe", "qwen2": "qwen2"}
"""Our name of a pattern -> what ``pre`` calls it, where llama.cpp splits every text as we do."""

READ = {
    **{pre: ours for ours, pre in WRITTEN.items()},
    **{"llama3": "llama3", "deepseek-r1-qwen": "qwen2", "gpt-4o": "o200k"},
}
"""What ``pre`` calls a pattern -> our name. llama.cpp knows ``gpt-4o`` by a pattern near to it."""

IGNORE_MERGES = ("llama3",)
"""Patterns with which llama.cpp takes a word that is a token at once."""

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED = range(1, 6)

MARKS = {
    **{"bos_id": "bos_token_id", "eos_id": "eos_token_id"},
    **{"unk_id": "unknown_token_id", "pad_id": "padding_token_id"},
}


def read_vocabulary(metadata: Mapping[str, Value]) -> Vocabulary:
    """The vocabulary of a file.

    Raises:
        NpgptError: there is none, or it is of a model or a pattern that is not read, or damaged.
    """
    model = metadata.get(f"{PREFIX}model")
    if model != MODEL:
        raise NpgptError(
            f"the tokenizer is of the model {short_repr(model)}, supported is {MODEL!r}, which is"
            " byte-level BPE: SentencePiece and WordPiece are not"
        )
    pre = metadata.get(f"{PREFIX}pre")
    if not isinstance(pre, str) or pre not in READ:
        raise NpgptError(
            f"the tokenizer splits words as {short_repr(pre)}, supported: {', '.join(READ)}"
        )
    tokens, merges = _list(metadata, "tokens", str), _list(metadata, "merges", str)
    types = _list(metadata, "token_type", int) or [NORMAL] * len(tokens)
    if len(types) != len(tokens):
        raise NpgptError(f"there are {len(tokens):,} tokens, and types of {len(types):,}")
    marks = {name: _mark(metadata, key, len(tokens)) for name, key in MARKS.items()}
    special = {i for i, kind in enumerate(types) if kind in (UNKNOWN, CONTROL, USER_DEFINED)}
    special |= {i for i in marks.values() if i is not None}
    pattern = READ[pre]
    return Vocabulary.from_spellings(
        [None if kind == UNUSED else token for token, kind in zip(tokens, types, strict=True)],
        [merge.split(" ") for merge in merges],
        special_tokens={tokens[i]: i for i in sorted(special)},
        pattern=pattern,
        ignore_merges=pattern in IGNORE_MERGES,
        **marks,
    )


def vocabulary_metadata(vocabulary: Vocabulary, size: int) -> dict[str, Value]:
    """What a file says of a vocabulary.

    Args:
        vocabulary: its merges are pairs.
        size: ids of the model; those beyond the vocabulary are unused.

    Raises:
        NpgptError: llama.cpp cannot have this vocabulary.
    """
    if vocabulary.pattern not in WRITTEN:
        raise NpgptError(
            f"llama.cpp splits no text as the pattern {vocabulary.pattern!r} does, but as"
            f" {', '.join(WRITTEN)}"
        )
    if vocabulary.merges is None:
        raise NpgptError("the vocabulary has ranks and no merges, and llama.cpp needs merges")
    special = {i: spelling for spelling, i in vocabulary.special_tokens.items()}
    tokens, types = [], []
    for i in range(size):
        token = vocabulary.tokens[i] if i < len(vocabulary.tokens) else None
        if i in special:
            tokens.append(special[i])
        else:
            tokens.append(f"[PAD{i}]" if token is None else spelled(token))
        types.append(CONTROL if i in special else UNUSED if token is None else NORMAL)
    twice, times = Counter(tokens).most_common(1)[0]
    if times > 1:
        raise NpgptError(
            f"the vocabulary spells two ids {short_repr(twice, 60)}, and llama.cpp takes one"
        )
    return {
        f"{PREFIX}model": MODEL,
        f"{PREFIX}pre": WRITTEN[vocabulary.pattern],
        f"{PREFIX}tokens": tokens,
        f"{PREFIX}token_type": types,
        f"{PREFIX}merges": [f"{tokens[left]} {tokens[right]}" for left, right in vocabulary.merges],
        f"{PREFIX}add_bos_token": False,
        f"{PREFIX}add_space_prefix": False,
        **{
            f"{PREFIX}{key}": i
            for name, key in MARKS.items()
            if (i := getattr(vocabulary, name)) is not None
        },
    }


def _list(metadata: Mapping[str, Value], key: str, kind: type[T]) -> list[T]:
    """A list of strings or whole numbers; empty where there is none."""
    values = metadata.get(PREFIX + key, [])
    if not isinstance(values, list):
        raise NpgptError(f"{PREFIX}{key} is {short_repr(values)}, expected a list")
    listed = [value for value in values if type(value) is kind]
    if len(listed) < len(values):
        raise NpgptError(f"{PREFIX}{key} holds other things than {kind.__name__}")
    return listed


def _mark(metadata: Mapping[str, Value], key: str, size: int) -> int | None:
    """The id of a special token, if the file has it."""
    i = metadata.get(PREFIX + key)
    if i is not None and (type(i) is not int or not 0 <= i < size):
        raise NpgptError(f"{PREFIX}{key} is {short_repr(i)}, expected an id below {size:,}")
    return i
