"""Vocabularies from the files of other programs; what is not byte-level BPE is refused by name."""

import base64
import json

import pytest

from npgpt_convert.byte_spelling import spelled, unspelled
from npgpt_convert.formats.tiktoken import read_tiktoken, tiktoken_bytes
from npgpt_convert.formats.tokenizer_json.pre_tokenizers import STEPS, pattern_of, pre_tokenizer
from npgpt_convert.formats.tokenizer_json.reader import read_tokenizer_json
from npgpt_convert.formats.vocab_merges import read_vocab_merges
from npgpt_convert.vocabulary import MAX_TOKENS, Vocabulary
from npgpt_core.errors import NpgptError, NpgptWarning

END = "<|endoftext|>"


def test_every_byte_is_spelled_in_a_printable_character():
    every = bytes(range(256))
    assert spelled(b" the\n") == "ĠtheĊ"
    assert spelled(every).isprintable()
    assert unspelled(spelled(every)) == every
    assert unspelled("a b") is None


# ------------------------------------------------------------------ tokenizer.json


def document(**changes):
    """A small tokenizer.json, as tokenizers writes it; ``model.KEY`` changes its model."""
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": "",
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": {"a": 1, "Ġ": 2, "b": 3, "ab": 4, "Ġab": 6},
        "merges": [["a", "b"], ["Ġ", "ab"]],
    }
    content = {
        "version": "1.0",
        "added_tokens": [{"id": 0, "content": END, "special": True}],
        "normalizer": None,
        "pre_tokenizer": pre_tokenizer("smollm"),
        "post_processor": None,
        "decoder": {"type": "ByteLevel"},
        "model": model,
    }
    for key, value in changes.items():
        into = model if key.startswith("model_") else content
        into[key.removeprefix("model_")] = value
    return content


@pytest.fixture
def read(tmp_path):
    """Read a document that is written to a file, beside others."""

    def write_and_read(content, **beside):
        for name, value in {"tokenizer": content, **beside}.items():
            (tmp_path / f"{name}.json").write_text(json.dumps(value))
        return read_tokenizer_json(tmp_path / "tokenizer.json")

    return write_and_read


def test_a_tokenizer_json(read):
    assert read(document()) == Vocabulary(
        tokens=[None, b"a", b" ", b"b", b"ab", None, b" ab"],
        merges=[(1, 3), (2, 4)],
        pattern="smollm",
        special_tokens={END: 0},
    )


def test_merges_may_be_strings_and_the_type_of_the_model_left_out(read):
    old = document(model_merges=["a b", "Ġ ab"])
    del old["model"]["type"]
    assert read(old) == read(document())


def test_special_tokens_may_stand_in_the_vocabulary_or_beyond_it(read):
    inside = document(model_vocab={**document()["model"]["vocab"], END: 0})
    assert read(inside) == read(document())
    added = [{"id": 0, "content": END}, {"id": 9, "content": "<think>", "special": False}]
    vocabulary = read(document(added_tokens=added))
    assert vocabulary.special_tokens == {END: 0, "<think>": 9}
    assert vocabulary.tokens[7:] == [None] * 3


def test_what_begins_and_ends_a_text_is_named_or_numbered_beside_it(read):
    added = [{"id": 0, "content": END}, {"id": 7, "content": "<s>"}, {"id": 8, "content": "<u>"}]
    content = document(added_tokens=added, model_unk_token="<u>", model_ignore_merges=True)
    named = {"eos_token": {"content": END}, "pad_token": "<none such>", "bos_token": None}
    numbered = {"eos_token_id": 7, "bos_token_id": [7, 0], "pad_token_id": 3}
    vocabulary = read(content, tokenizer_config=named, generation_config=numbered)
    assert (vocabulary.eos_id, vocabulary.bos_id) == (0, 7)
    assert (vocabulary.unk_id, vocabulary.pad_id) == (8, None)
    assert vocabulary.ignore_merges is True


@pytest.mark.parametrize("pattern", STEPS)
def test_each_pattern_is_recognized_by_its_steps(pattern):
    steps = json.loads(json.dumps(STEPS[pattern]))
    assert pattern_of(pre_tokenizer(pattern)) == pattern
    assert pattern_of({"type": "Sequence", "pretokenizers": steps}) == pattern
    del steps[-1]["trim_offsets"]
    if steps[0]["type"] == "Split":
        steps[0] |= {"behavior": "Removed", "invert": True}
    assert pattern_of({"type": "Sequence", "pretokenizers": steps}) == pattern


def test_a_normalizer_that_hardly_matters_is_left_out_and_said(read):
    with pytest.warns(NpgptWarning, match="NFC, and npgpt does not"):
        assert read(document(normalizer={"type": "NFC"})) == read(document())


BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
UNSUPPORTED = {
    "Unigram.*byte-level BPE": {"model_type": "Unigram"},
    "WordPiece.*byte-level BPE": {"model_type": "WordPiece"},
    "SentencePiece": {"model_byte_fallback": True},
    "normalizer 'Lowercase' is not supported": {"normalizer": {"type": "Lowercase"}},
    "normalizer 'Sequence' is not": {"normalizer": {"type": "Sequence", "normalizers": []}},
    r"pre-tokenizer is Metaspace, and not": {"pre_tokenizer": {"type": "Metaspace"}},
    r"pre-tokenizer is none": {"pre_tokenizer": None},
    r"pre-tokenizer is Split \+ ByteLevel": {
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [{"type": "Split", "pattern": {"Regex": "(a+)+$"}}, BYTE_LEVEL],
        }
    },
    "pre-tokenizer is ByteLevel": {"pre_tokenizer": {**BYTE_LEVEL, "add_prefix_space": True}},
    "pre-tokenizer is damaged": {"pre_tokenizer": {"type": "Sequence", "pretokenizers": 1}},
    "decoder is 'Sequence'": {"decoder": {"type": "Sequence"}},
    "decoder is None": {"decoder": None},
    "dropout=0.1": {"model_dropout": 0.1},
    "end_of_word_suffix='</w>'": {"model_end_of_word_suffix": "</w>"},
    "not spelled in bytes": {"model_vocab": {"▁the": 1}, "model_merges": []},
    "white space": {"added_tokens": [{"id": 9, "content": "  "}]},
    "has no content or no id": {"added_tokens": [{"id": "9", "content": "x"}]},
    "the added token 5 has no": {"added_tokens": 5},
    "it has no model": {"model": []},
    "must map tokens to ids$": {"model_vocab": ["a"]},
    "whole numbers from 0": {"model_vocab": {"a": -1}},
    "have the same id 1": {"model_vocab": {"a": 1, "b": 1}},
    f"and npgpt reads {MAX_TOKENS:,}": {"model_vocab": {"a": 10**12}},
    "is no pair of two tokens": {"model_merges": [["a", "c"]]},
    "'a b c'.* is no pair|is no pair": {"model_merges": ["a b c"]},
    "merges must be a list": {"model_merges": None},
}


@pytest.mark.parametrize("message", UNSUPPORTED)
def test_what_is_not_supported_is_named_in_one_line(read, message):
    with pytest.raises(NpgptError, match=message) as caught:
        read(document(**UNSUPPORTED[message]))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"[]", b"[" * 10**5, b'{"model": 1e999}', b"\xff\xfe{}"])
def test_what_is_no_object_is_refused(tmp_path, data):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(data)
    with pytest.raises(NpgptError):
        read_tokenizer_json(path)


def test_a_file_may_have_so_many_bytes(tmp_path):
    path = tmp_path / "tokenizer.json"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(NpgptError, match="expected at most"):
        read_tokenizer_json(path)


# ------------------------------------------------------------------ vocab.json and merges.txt


def test_vocab_and_merges(tmp_path):
    ids = {"a": 0, "b": 1, "Ġ": 2, "ab": 3, "Ġab": 4, END: 5}
    (tmp_path / "vocab.json").write_text(json.dumps(ids))
    (tmp_path / "merges.txt").write_text("#version: 0.2\na b\nĠ ab\n", encoding="utf-8")
    assert read_vocab_merges(tmp_path / "vocab.json") == Vocabulary(
        tokens=[b"a", b"b", b" ", b"ab", b" ab", None],
        merges=[(0, 1), (2, 3)],
        pattern="gpt2",
        special_tokens={END: 5},
        bos_id=5,
        eos_id=5,
    )
    (tmp_path / "merges.txt").write_bytes(b"a b\nab\n")
    with pytest.raises(NpgptError, match="line 2: 'ab' is no pair"):
        read_vocab_merges(tmp_path / "vocab.json")
    (tmp_path / "merges.txt").write_bytes(b"\xff")
    with pytest.raises(NpgptError, match="is damaged"):
        read_vocab_merges(tmp_path / "vocab.json")


# ------------------------------------------------------------------ tiktoken


def rank_lines(*tokens):
    return b"".join(b"%s %d\n" % (base64.b64encode(token), i) for i, token in enumerate(tokens))


def test_ranks(tmp_path):
    path = tmp_path / "cl100k_base.tiktoken"
    path.write_bytes(rank_lines(b"a", b"b", b"ab"))
    vocabulary = read_tiktoken(path)
    assert vocabulary.tokens[:4] == [b"a", b"b", b"ab", None]
    assert len(vocabulary.tokens) == 100_277
    assert (vocabulary.merges, vocabulary.pattern) == (None, "cl100k")
    assert vocabulary.ignore_merges is True
    assert vocabulary.special_tokens[END] == vocabulary.eos_id == 100_257
    assert read_tiktoken(path, "gpt2").pattern == "gpt2"


def test_an_unknown_encoding_is_named(tmp_path):
    with pytest.raises(NpgptError, match=r"encoding 'mine' is not known, but gpt2, .* are"):
        read_tiktoken(tmp_path / "mine.tiktoken")


@pytest.mark.parametrize(
    "lines",
    [
        b"YQ==",
        b"YQ== x",
        b"YQ== -1",
        b"YQ== 1 2",
        b"?? 0",
        b" 0",
        b"YQ== 0\nYQ== 1",
        b"YQ== 9999999999",
    ],
    ids=repr,
)
def test_damaged_lines_are_named(tmp_path, lines):
    path = tmp_path / "gpt2.tiktoken"
    path.write_bytes(lines)
    with pytest.raises(NpgptError, match=r"line \d: b.* is no new token in base64 with its rank"):
        read_tiktoken(path)


@pytest.mark.parametrize("rank", [b"0", b"123456789"])
def test_ranks_of_two_and_ranks_beyond_all_are_refused(tmp_path, rank):
    path = tmp_path / "gpt2.tiktoken"
    path.write_bytes(b"YQ== 0\nYg== " + rank)
    with pytest.raises(NpgptError, match=r"the same rank|npgpt reads"):
        read_tiktoken(path)


def test_ranks_are_written_as_they_are_read(tmp_path):
    lines = rank_lines(*(bytes([byte]) for byte in range(256)), b"ab", b"abc")
    path = tmp_path / "gpt2.tiktoken"
    path.write_bytes(lines)
    assert tiktoken_bytes(read_tiktoken(path)) == lines


def test_a_vocabulary_that_lacks_bytes_has_no_ranks():
    vocabulary = Vocabulary([b"a", b"b"], None, "gpt2", {})
    with pytest.raises(NpgptError, match="lacks 254 bytes, such as 0x00"):
        tiktoken_bytes(vocabulary)


# ------------------------------------------------------------------ the record


def test_a_vocabulary_is_padded_to_the_rows_of_a_model():
    vocabulary = Vocabulary([b"a", b"b"], [], "gpt2", {})
    assert vocabulary.padded(4).tokens == [b"a", b"b", None, None]
    with pytest.raises(NpgptError, match="2 ids and the model 1: they do not belong together"):
        vocabulary.padded(1)


def test_a_token_that_is_listed_twice_is_named():
    with pytest.raises(NpgptError, match="the token 'a' twice"):
        Vocabulary.from_spellings(["a", "b", "a"], [], special_tokens={}, pattern="gpt2")
