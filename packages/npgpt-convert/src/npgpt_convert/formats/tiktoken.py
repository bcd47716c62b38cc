"""tiktoken's files: a token in base64 and its rank, which is its id, in each line.

A file says nothing of its pattern and of its special tokens. They belong to the encoding, which is
known by its name.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from npgpt_convert.files import read_file
from npgpt_convert.vocabulary import Vocabulary, require_count
from npgpt_core.errors import NpgptError, short_repr

MAX_SIZE = 16 * 2**20  # bytes; the largest in use has 4 million
SUFFIX = ".tiktoken"


class Encoding(NamedTuple):
    """What a name stands for.

    Attributes:
        pattern: the name of what splits a text into words.
        special_tokens: spelling -> id.
    """

    pattern: str
    special_tokens: Mapping[str, int]


END_OF_TEXT = "<|endoftext|>"

GPT2 = Encoding("gpt2", {END_OF_TEXT: 50256})
CL100K = Encoding(
    "cl100k",
    {
        END_OF_TEXT: 100257,
        "<|fim_prefix|>": 100258,
        "<|fim_middle|>": 100259,
        "<|fim_suffix|>": 100260,
        "<|endofprompt|>": 100276,
    },
)
O200K = Encoding("o200k", {END_OF_TEXT: 199999, "<|endofprompt|>": 200018})

ENCODINGS: Mapping[str, Encoding] = {
    **{"gpt2": GPT2, "r50k_base": GPT2, "p50k_base": GPT2},
    **{"cl100k_base": CL100K, "o200k_base": O200K},
}
"""Name of an encoding, as tiktoken has it -> what it stands for."""


def read_tiktoken(path: Path, encoding: str | None = None) -> Vocabulary:
    """The vocabulary of a file.

    Args:
        path: of the file.
        encoding: a name of ``ENCODINGS``; by default the name of the file.

    Raises:
        NpgptError: it is no such file, is damaged, or its encoding is not known.
    """
    name = encoding or path.name.removesuffix(SUFFIX)
    if name not in ENCODINGS:
        raise NpgptError(
            f"{path}: the encoding {short_repr(name)} is not known, but {', '.join(ENCODINGS)} are:"
            " a file of ranks is known by its name, such as cl100k_base.tiktoken"
        )
    pattern, special_tokens = ENCODINGS[name]
    ranks = _ranks(path)
    size = max([*ranks.values(), *special_tokens.values()]) + 1
    tokens: list[bytes | None] = [None] * size
    for token, rank in ranks.items():
        tokens[rank] = token
    end = special_tokens[END_OF_TEXT]
    return Vocabulary(
        tokens,
        merges=None,
        pattern=pattern,
        special_tokens=special_tokens,
        bos_id=end,
        eos_id=end,
        ignore_merges=True,
    )


def _ranks(path: Path) -> dict[bytes, int]:
    ranks: dict[bytes, int] = {}
    lines = read_file(path, MAX_SIZE).splitlines()
    require_count(len(lines))
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            encoded, digits = line.split(b" ")
            token = base64.b64decode(encoded, validate=True)
            rank = int(digits) if digits.isdigit() and len(digits) < 10 else -1
        except (ValueError, binascii.Error):
            raise _damaged(path, number, line) from None
        if not token or rank < 0 or token in ranks:
            raise _damaged(path, number, line)
        require_count(rank)
        ranks[token] = rank
    if len(set(ranks.values())) < len(ranks):
        raise NpgptError(f"{path} is damaged: two tokens have the same rank")
    return ranks


def _damaged(path: Path, number: int, line: bytes) -> NpgptError:
    return NpgptError(
        f"{path}, line {number}: {short_repr(line, 60)} is no new token in base64 with its rank"
    )


def tiktoken_bytes(vocabulary: Vocabulary) -> bytes:
    """What a file of ranks says of a vocabulary; of its special tokens it can say nothing.

    Raises:
        NpgptError: its ids are no ranks, or it lacks bytes.
    """
    _require_ranks(vocabulary)
    lines = (
        b"%s %d\n" % (base64.b64encode(token), i)
        for i, token in enumerate(vocabulary.tokens)
        if token is not None
    )
    return b"".join(lines)


def _require_ranks(vocabulary: Vocabulary) -> None:
    """Make sure that tiktoken would encode as the vocabulary does, which its merges say."""
    tokens = vocabulary.tokens
    lacking = sorted(set(range(256)) - {token[0] for token in tokens if token and len(token) == 1})
    if lacking:
        raise NpgptError(
            f"the vocabulary lacks {len(lacking)} bytes, such as 0x{lacking[0]:02X}, and tiktoken"
            " takes only those that have all: export a tokenizer.json"
        )
    if vocabulary.merges is None:
        return
    ids = {token: i for i, token in enumerate(tokens) if token is not None}
    made = [ids[(tokens[a] or b"") + (tokens[b] or b"")] for a, b in vocabulary.merges]
    by_rank = Vocabulary.of(replace(vocabulary, merges=None).tokenizer()).merges or ()
    whole = {i for token, i in ids.items() if len(token) > 1} - {*made}
    if (
        made != sorted(made)
        or not {*by_rank} <= {*vocabulary.merges}
        or (whole and not vocabulary.ignore_merges)
    ):
        raise NpgptError(
            "the merges of this vocabulary do not follow from the order of its ids, which is all"
            " that tiktoken knows: export a tokenizer.json"
        )
