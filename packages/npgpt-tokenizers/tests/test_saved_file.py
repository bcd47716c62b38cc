import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core.errors import NpgptError
from npgpt_tokenizers import (
    BPETokenizer,
    ByteBPETokenizer,
    CharTokenizer,
    WordTokenizer,
    bpe,
    storage,
)
from npgpt_tokenizers.symbols import MAX_VOCAB_SIZE


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tokenizer.json"


@given(data=st.data())
def test_loaded_equals_saved(tokenizer, any_text, tmp_path_factory, data):
    path = tmp_path_factory.mktemp("saved") / "tokenizer.json"
    tokenizer.save(path)
    loaded = type(tokenizer).load(path)
    text = data.draw(any_text)
    assert loaded.encode(text).tolist() == tokenizer.encode(text).tolist()
    assert loaded.decode(range(loaded.vocab_size)) == tokenizer.decode(range(tokenizer.vocab_size))
    assert loaded.vocab_size == tokenizer.vocab_size
    assert loaded.options() == tokenizer.options()


@pytest.mark.parametrize("kind", [CharTokenizer, WordTokenizer, BPETokenizer, ByteBPETokenizer])
@given(data=st.data())
def test_any_vocabulary_survives(any_text, kind, tmp_path_factory, data):
    path = tmp_path_factory.mktemp("saved") / "tokenizer.json"
    tokenizer = kind()
    tokenizer.train([data.draw(any_text)])
    tokenizer.save(path)
    assert kind.load(path).state() == tokenizer.state()


def test_the_same_tokenizer_gives_the_same_bytes(tokenizer, path):
    tokenizer.save(path)
    first = path.read_bytes()
    type(tokenizer).load(path).save(path)
    assert path.read_bytes() == first
    assert first.isascii()


def test_a_loaded_tokenizer_can_be_trained_with_its_options(path, text):
    tokenizer = WordTokenizer(vocab_size=10, min_frequency=2)
    tokenizer.train([text])
    tokenizer.save(path)
    loaded = WordTokenizer.load(str(path))
    loaded.train(["once"])
    assert loaded.vocab_size == 4


def test_another_tokenizers_file_is_refused_by_name(path):
    tokenizer = CharTokenizer()
    tokenizer.train(["a"])
    tokenizer.save(path)
    with pytest.raises(NpgptError, match="holds the tokenizer 'char', and 'bpe' was asked for"):
        BPETokenizer.load(path)


BAD_FILES = {
    "empty": b"",
    "not UTF-8": b"\xff\xfe{}",
    "not JSON": b"{'format'}",
    "not an object": b"[]",
    "null": b"null",
    "a string": b'"npgpt-tokenizer"',
    "foreign": b'{"model": {"type": "BPE"}}',
    "deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "huge number": b'{"version": ' + b"9" * 10_000 + b"}",
    "NaN": b'{"version": NaN}',
    "key twice": b'{"format": "npgpt-tokenizer", "format": "npgpt-tokenizer"}',
    "cut": b'{"format": "npgpt-tokenizer", "versi',
}


@pytest.mark.parametrize("data", BAD_FILES.values(), ids=BAD_FILES)
@pytest.mark.parametrize("kind", [CharTokenizer, WordTokenizer, BPETokenizer, ByteBPETokenizer])
def test_what_is_no_saved_tokenizer_is_refused(kind, path, data):
    path.write_bytes(data)
    with pytest.raises(NpgptError, match=r"tokenizer\.json is not a tokenizer that npgpt can load"):
        kind.load(path)


def saved_bpe(**changes):
    fields = {
        "format": "npgpt-tokenizer",
        "version": 1,
        "tokenizer": "bpe",
        "options": {"vocab_size": 100},
        "fixed_tokens": [],
        "alphabet": ["a", "b"],
        "merges": [[4, 5], [6, 4]],
    }
    return {**fields, **changes}


BAD_FIELDS = [
    {"format": "other"},
    {"version": 2},
    {"version": True},
    {"version": "1"},
    {"tokenizer": None},
    {"tokenizer": ["bpe"]},
    {"options": None},
    {"options": {}, "extra": 1},
    {"options": {"vocab_size": 8, "colour": 1}},
    {"options": {"self": 8}},
    {"options": {"vocab_size": 7}},  # there are 8 tokens
    {"options": {"vocab_size": 1e999}},
    {"options": {"vocab_size": 10**4000}},
    {"options": {"vocab_size": {}}},
    {"fixed_tokens": ["<0x00>"]},
    {"fixed_tokens": {}},
    {"alphabet": "ab"},
    {"alphabet": ["a", "a"]},
    {"alphabet": ["a", ""]},
    {"alphabet": ["a", "bc"]},
    {"alphabet": ["a", 5]},
    {"alphabet": ["a", ["b"]]},
    {"merges": None},
    {"merges": {"0": [4, 5]}},
    {"merges": [[4, 5], [4, 5]]},
    {"merges": [[4, 6]]},  # itself
    {"merges": [[4, 7], [4, 5]]},  # forward
    {"merges": [[4, -1]]},
    {"merges": [[1, 4]]},  # a special token
    {"merges": [[4, 10**4000]]},
    {"merges": [[4, 5.0]]},
    {"merges": [[4, True]]},
    {"merges": [[4]]},
    {"merges": [[4, 5, 5]]},
    {"merges": ["ab"]},
    {"merges": [[4, 4], *([i, i] for i in range(6, 60))]},  # 2**55 characters
]


@pytest.mark.parametrize("changes", BAD_FIELDS, ids=lambda changes: repr(changes)[:60])
def test_damaged_bpe_is_refused(path, changes):
    path.write_text(json.dumps(saved_bpe(**changes)))
    with pytest.raises(NpgptError, match=r"tokenizer\.json is not a tokenizer") as caught:
        BPETokenizer.load(path)
    assert len(str(caught.value)) < 1000


def test_the_undamaged_is_loaded(path):
    path.write_text(json.dumps(saved_bpe()))
    assert BPETokenizer.load(path).encode("abab").tolist() == [6, 6]


@pytest.mark.parametrize("missing", [*saved_bpe()])
def test_a_missing_field_is_named(path, missing):
    fields = saved_bpe()
    del fields[missing]
    path.write_text(json.dumps(fields))
    with pytest.raises(NpgptError, match=f"field '{missing}' is missing"):
        BPETokenizer.load(path)


@pytest.mark.parametrize("words", [["a", "a"], [""], [1], "ab", None, ["a"] * 2, list("abcdef")])
def test_damaged_words_are_refused(path, words):
    fields = {"options": {"vocab_size": 9, "min_frequency": 1}, "words": words}
    storage.write_record(path, "word", fields)
    with pytest.raises(NpgptError, match=r"tokenizer\.json is not a tokenizer"):
        WordTokenizer.load(path)


@pytest.mark.parametrize("characters", [["a", "a"], ["ab"], [""], [1], "ab", None])
def test_damaged_characters_are_refused(path, characters):
    storage.write_record(path, "char", {"options": {}, "characters": characters})
    with pytest.raises(NpgptError, match=r"tokenizer\.json is not a tokenizer"):
        CharTokenizer.load(path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda values: (
        st.lists(values, max_size=4) | st.dictionaries(st.text(max_size=3), values, max_size=3)
    ),
)


@given(st.dictionaries(st.sampled_from([*saved_bpe()]), json_values))
def test_whatever_a_field_holds_the_answer_is_an_error_or_a_tokenizer(tmp_path_factory, changes):
    path = tmp_path_factory.mktemp("saved") / "tokenizer.json"
    path.write_text(json.dumps(saved_bpe(**changes)))
    try:
        tokenizer = BPETokenizer.load(path)
    except NpgptError:
        return
    assert tokenizer.decode(tokenizer.encode("abba")) is not None


@pytest.mark.parametrize("place", ["missing/t.json", "", "nul\0l"], ids=repr)
def test_a_path_that_cannot_be_used_is_named(tmp_path, place):
    tokenizer = CharTokenizer()
    tokenizer.train(["a"])
    with pytest.raises(NpgptError, match="cannot write"):
        tokenizer.save(tmp_path / place)
    with pytest.raises(NpgptError, match="cannot read"):
        CharTokenizer.load(tmp_path / place)


def test_a_file_that_is_too_large_is_neither_parsed_nor_written(path, monkeypatch):
    tokenizer = CharTokenizer()
    tokenizer.train(["abc"])
    tokenizer.save(path)
    size = path.stat().st_size
    monkeypatch.setattr(storage, "MAX_FILE_SIZE", size)
    tokenizer.save(path)
    assert CharTokenizer.load(path).state() == tokenizer.state()
    monkeypatch.setattr(storage, "MAX_FILE_SIZE", size - 1)
    with pytest.raises(NpgptError, match=f"larger than {size - 1} bytes"):
        CharTokenizer.load(path)
    with pytest.raises(NpgptError, match="smaller vocab_size"):
        tokenizer.save(path)


def test_every_vocabulary_that_may_be_asked_for_fits_into_a_file():
    longest_merge = json.dumps([MAX_VOCAB_SIZE - 2, MAX_VOCAB_SIZE - 1]) + ", "
    assert MAX_VOCAB_SIZE * len(longest_merge) < storage.MAX_FILE_SIZE < 2**30


def test_the_tokens_of_a_file_may_spell_so_much_together(path, monkeypatch):
    path.write_text(json.dumps(saved_bpe()))  # ab and aba
    monkeypatch.setattr(bpe, "MAX_TEXT_SIZE", 5)
    assert BPETokenizer.load(path).vocab_size == 8
    monkeypatch.setattr(bpe, "MAX_TEXT_SIZE", 4)
    with pytest.raises(NpgptError, match="take more than 4 bytes"):
        BPETokenizer.load(path)
