"""The tokenizer in GGUF's metadata, in and out."""

from dataclasses import replace

import pytest

from npgpt_convert.formats.gguf.vocabulary import WRITTEN, read_vocabulary, vocabulary_metadata
from npgpt_convert.vocabulary import Vocabulary
from npgpt_core import NpgptError

VOCABULARY = Vocabulary(
    tokens=[None, b"a", b" ", "é".encode()[:1], b" a", None, None],
    merges=[(2, 1)],
    pattern="smollm",
    special_tokens={"<|end|>": 0, "<unk>": 5},
    unk_id=5,
    eos_id=0,
)
KEY = "tokenizer.ggml."


def metadata(**changes):
    """What a file says; what is None is not there."""
    whole = {**vocabulary_metadata(VOCABULARY, 7), **{KEY + key: changes[key] for key in changes}}
    return {key: value for key, value in whole.items() if value is not None}


def test_what_a_file_says():
    said = metadata()
    assert said[f"{KEY}tokens"] == ["<|end|>", "a", "Ġ", "Ã", "Ġa", "<unk>", "[PAD6]"]
    assert said[f"{KEY}token_type"] == [3, 1, 1, 1, 1, 3, 5]
    assert said[f"{KEY}merges"] == ["Ġ a"]
    assert said[f"{KEY}eos_token_id"] == 0
    assert f"{KEY}bos_token_id" not in said


@pytest.mark.parametrize("pattern", WRITTEN)
def test_what_goes_out_comes_in_again(pattern):
    ours = replace(VOCABULARY, pattern=pattern, ignore_merges=pattern == "llama3")
    assert read_vocabulary(vocabulary_metadata(ours, 7)) == ours


def test_ids_beyond_the_vocabulary_are_unused():
    read = read_vocabulary(vocabulary_metadata(VOCABULARY, 9))
    assert read == VOCABULARY.padded(9)


def test_types_may_be_missing_and_marks_are_special_without_them():
    read = read_vocabulary(metadata(tokens=["<|end|>", "a"], merges=[], token_type=None, **NO_UNK))
    assert (read.tokens, read.special_tokens) == ([None, b"a"], {"<|end|>": 0})


NO_UNK = {"unknown_token_id": None}


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("model 'llama', supported is 'gpt2'", {"model": "llama"}),
        ("model None", {"model": None}),
        ("as 'tekken', supported: gpt-2, smollm", {"pre": "tekken"}),
        ("as None", {"pre": None}),
        ("as [1]", {"pre": [1]}),
        ("tokens is 'abc', expected a list", {"tokens": "abc"}),
        ("tokens holds other things than str", {"tokens": ["a", 1]}),
        ("token_type holds other things than int", {"token_type": [True] * 7}),
        ("7 tokens, and types of 2", {"token_type": [1, 1]}),
        ("eos_token_id is 7, expected an id below 7", {"eos_token_id": 7}),
        ("eos_token_id is True", {"eos_token_id": True}),
        ("eos_token_id is -1", {"eos_token_id": -1}),
        ("the merge ['a'] is no pair", {"merges": ["a"]}),
        ("the merge ['a', 'b'] is no pair", {"merges": ["a b"]}),
        (
            "token '▁a' is not spelled in bytes",
            {"tokens": ["x", "▁a"], "token_type": [3, 1], **NO_UNK},
        ),
    ],
)
def test_what_is_not_read_is_one_line(reason, changes):
    with pytest.raises(NpgptError) as error:
        read_vocabulary(metadata(**changes))
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("as the pattern 'o200k' does, but as gpt2", {"pattern": "o200k"}),
        ("ranks and no merges", {"merges": None}),
        ("spells two ids 'a'", {"special_tokens": {"a": 0, "<unk>": 5}}),
    ],
)
def test_what_llama_cpp_cannot_have_is_one_line(reason, changes):
    with pytest.raises(NpgptError, match=reason):
        vocabulary_metadata(replace(VOCABULARY, **changes), 7)
