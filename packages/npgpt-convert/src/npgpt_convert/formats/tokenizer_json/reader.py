"""A vocabulary from ``tokenizer.json``, and from the files beside it what begins and ends a text.

Only what is byte-level BPE throughout is read: everything else that a file may ask for would give
other ids, and is refused by its name.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from npgpt_convert.files import is_there, read_object
from npgpt_convert.formats.tokenizer_json.pre_tokenizers import pattern_of
from npgpt_convert.vocabulary import Vocabulary, listed
from npgpt_core.errors import NpgptError, short_repr, warn

MAX_SIZE = 32 * 2**20  # bytes; the largest in use, with 200,000 tokens, has 28 million
MAX_CONFIG_SIZE = 2**20

MARKS = ("pad", "unk", "bos", "eos")


def read_tokenizer_json(path: Path) -> Vocabulary:
    """The vocabulary of a file.

    What begins and ends a text is asked of ``tokenizer_config.json`` in the same folder, then of
    ``generation_config.json`` and ``config.json``; they need not be there.

    Raises:
        NpgptError: it is no such file, is damaged, or asks for something that is not supported.
    """
    content = read_object(path, MAX_SIZE)
    model = content.get("model")
    if not isinstance(model, dict):
        raise NpgptError(f"{path} is no tokenizer.json: it has no model")
    _require_supported(content, model)
    special_tokens = _special_tokens(content.get("added_tokens") or [])
    vocab = model.get("vocab")
    if not isinstance(vocab, dict):
        raise NpgptError("the vocabulary must map tokens to ids")
    return Vocabulary.from_spellings(
        listed(vocab, max(special_tokens.values(), default=-1) + 1),
        _pairs(model.get("merges")),
        special_tokens=special_tokens,
        pattern=pattern_of(content.get("pre_tokenizer")),
        ignore_merges=model.get("ignore_merges") is True,
        **_marks(path.parent, special_tokens, model.get("unk_token")),
    )


def _require_supported(content: Mapping[str, Any], model: Mapping[str, Any]) -> None:
    kind = model.get("type", "BPE")  # which files of 2020 leave out
    if kind != "BPE":
        raise NpgptError(f"the tokenizer is {short_repr(kind)}, supported is byte-level BPE")
    normalizer = content.get("normalizer")
    if _type(normalizer) == "NFC":
        warn(
            "this tokenizer normalizes text to NFC, and npgpt does not: text in another form, such"
            " as letters with separate accents, has other ids"
        )
    elif normalizer is not None:
        raise NpgptError(f"the normalizer {short_repr(_type(normalizer))} is not supported")
    if model.get("byte_fallback"):
        raise NpgptError(
            "the tokenizer falls back to bytes, as SentencePiece's do; supported is byte-level BPE"
        )
    for option in ("dropout", "continuing_subword_prefix", "end_of_word_suffix"):
        if model.get(option):
            raise NpgptError(f"{option}={short_repr(model[option])} of the model is not supported")
    decoder = _type(content.get("decoder"))
    if decoder != "ByteLevel":
        raise NpgptError(f"the decoder is {short_repr(decoder)}, supported is 'ByteLevel'")


def _type(part: Any) -> Any:
    return part.get("type") if isinstance(part, dict) else part


def _special_tokens(added: Any) -> dict[str, int]:
    """The added tokens, all of which stand outside the text: spelling -> id."""
    special_tokens: dict[str, int] = {}
    for token in added if isinstance(added, list) else [added]:
        spelling, i = (token.get("content"), token.get("id")) if isinstance(token, dict) else (0, 0)
        if not isinstance(spelling, str) or not spelling or type(i) is not int or i < 0:
            raise NpgptError(f"the added token {short_repr(token, 80)} has no content or no id")
        if spelling.isspace():
            raise NpgptError(
                f"the added token {short_repr(spelling)} is white space, which text must become:"
                " this is not supported"
            )
        special_tokens[spelling] = i
    return special_tokens


def _pairs(merges: Any) -> list[Sequence[str]]:
    """Merges as pairs; files before 2025 write a pair as one string."""
    if not isinstance(merges, list):
        raise NpgptError("the merges must be a list")
    return [merge.split(" ") if isinstance(merge, str) else merge for merge in merges]


def _marks(
    folder: Path, special_tokens: Mapping[str, int], unk_token: Any
) -> dict[str, int | None]:
    """``pad_id`` and so on: special tokens that a file of the folder names, or gives the id of."""
    named = _object(folder / "tokenizer_config.json")
    marks = {mark: _spelled(named.get(f"{mark}_token"), special_tokens) for mark in MARKS}
    if marks["unk"] is None:
        marks["unk"] = _spelled(unk_token, special_tokens)
    for name in ("generation_config.json", "config.json"):
        numbered = _object(folder / name)
        for mark in MARKS:
            i = numbered.get(f"{mark}_token_id")
            first = i[0] if isinstance(i, list) and i else i
            if marks[mark] is None and type(first) is int and first in special_tokens.values():
                marks[mark] = first
    return {f"{mark}_id": i for mark, i in marks.items()}


def _object(path: Path) -> dict[str, Any]:
    return read_object(path, MAX_CONFIG_SIZE) if is_there(path) else {}


def _spelled(token: Any, special_tokens: Mapping[str, int]) -> int | None:
    """The id of a token that is named by its spelling, or by an object with it."""
    spelling = token.get("content") if isinstance(token, dict) else token
    return special_tokens.get(spelling) if isinstance(spelling, str) else None
