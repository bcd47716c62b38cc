import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core.errors import NpgptError
from npgpt_tokenizers import BPETokenizer, ByteBPETokenizer, CharTokenizer, WordTokenizer, bpe

KINDS = [CharTokenizer, WordTokenizer, BPETokenizer, ByteBPETokenizer]


def from_json(kind, state):
    """The tokenizer of a state that was written and read again."""
    return kind.from_state(json.loads(json.dumps(state)))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_any_vocabulary_survives(any_text, kind, data):
    tokenizer = kind()
    tokenizer.train([data.draw(any_text)])
    assert from_json(kind, tokenizer.state()).state() == tokenizer.state()


def test_made_from_a_state_it_can_be_trained_with_its_options(text):
    tokenizer = WordTokenizer(vocab_size=10, min_frequency=2)
    tokenizer.train([text])
    again = WordTokenizer.from_state(tokenizer.state())
    again.train(["once"])
    assert again.vocab_size == 4


def test_another_tokenizers_state_is_refused_by_name():
    tokenizer = CharTokenizer()
    tokenizer.train(["a"])
    with pytest.raises(NpgptError, match="no state of the tokenizer 'bpe': it is one of 'char'"):
        BPETokenizer.from_state(tokenizer.state())


BAD_STATES = [{}, [], None, "npgpt-tokenizer", 3, {"model": {"type": "BPE"}}, {"version": 1e999}]


@pytest.mark.parametrize("state", BAD_STATES, ids=repr)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_state_is_refused(kind, state):
    with pytest.raises(NpgptError, match="this is no state of the tokenizer"):
        kind.from_state(state)


def state_of_bpe(**changes):
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
def test_a_damaged_state_of_bpe_is_refused(changes):
    with pytest.raises(NpgptError, match="this is no state of the tokenizer 'bpe'") as caught:
        BPETokenizer.from_state(state_of_bpe(**changes))
    assert len(str(caught.value)) < 1000
    assert str(caught.value).count("Give what state() gave") == 1


def test_the_undamaged_is_taken():
    assert BPETokenizer.from_state(state_of_bpe()).encode("abab").tolist() == [6, 6]


@pytest.mark.parametrize("missing", [*state_of_bpe()])
def test_a_missing_field_is_named(missing):
    state = state_of_bpe()
    del state[missing]
    with pytest.raises(NpgptError, match=f"field '{missing}' is missing"):
        BPETokenizer.from_state(state)


def state_of(name, **fields):
    return {"format": "npgpt-tokenizer", "version": 1, "tokenizer": name, **fields}


@pytest.mark.parametrize("words", [["a", "a"], [""], [1], "ab", None, ["a"] * 2, list("abcdef")])
def test_damaged_words_are_refused(words):
    state = state_of("word", options={"vocab_size": 9, "min_frequency": 1}, words=words)
    with pytest.raises(NpgptError, match="this is no state of the tokenizer 'word'"):
        WordTokenizer.from_state(state)


@pytest.mark.parametrize("characters", [["a", "a"], ["ab"], [""], [1], "ab", None])
def test_damaged_characters_are_refused(characters):
    with pytest.raises(NpgptError, match="this is no state of the tokenizer 'char'"):
        CharTokenizer.from_state(state_of("char", options={}, characters=characters))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda values: (
        st.lists(values, max_size=4) | st.dictionaries(st.text(max_size=3), values, max_size=3)
    ),
)


@given(st.dictionaries(st.sampled_from([*state_of_bpe()]), json_values))
def test_whatever_a_field_holds_the_answer_is_an_error_or_a_tokenizer(changes):
    try:
        tokenizer = BPETokenizer.from_state(state_of_bpe(**changes))
    except NpgptError:
        return
    assert tokenizer.decode(tokenizer.encode("abba")) is not None


def test_the_tokens_of_a_state_may_spell_so_much_together(monkeypatch):
    monkeypatch.setattr(bpe, "MAX_TEXT_SIZE", 5)  # ab and aba
    assert BPETokenizer.from_state(state_of_bpe()).vocab_size == 8
    monkeypatch.setattr(bpe, "MAX_TEXT_SIZE", 4)
    with pytest.raises(NpgptError, match="take more than 4 bytes"):
        BPETokenizer.from_state(state_of_bpe())


# ------------------------------------------------------------------ files, as in npgpt 0.1


def test_save_and_load_still_work_and_say_what_to_write_instead(tokenizer, tmp_path):
    path = tmp_path / "tokenizer.json"
    with pytest.warns(DeprecationWarning, match=r"json.dump\(tokenizer.state\(\), file\)") as told:
        tokenizer.save(path)
    assert told[0].filename == __file__
    with pytest.warns(DeprecationWarning, match=r"from_state\(json.load\(file\)\)"):
        assert type(tokenizer).load(str(path)).state() == tokenizer.state()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("place", ["missing/t.json", "", "nul\0l"], ids=repr)
def test_a_path_that_cannot_be_used_is_named(tmp_path, place):
    tokenizer = CharTokenizer()
    tokenizer.train(["a"])
    with pytest.raises(NpgptError, match="cannot write"):
        tokenizer.save(tmp_path / place)
    with pytest.raises(NpgptError, match="cannot read"):
        CharTokenizer.load(tmp_path / place)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("data", [b"", b"\xff\xfe{}", b"[" * 100_000, b"[]", b"9" * 10_000])
def test_loading_what_is_no_saved_tokenizer_is_refused(tmp_path, data):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(data)
    with pytest.raises(NpgptError):
        CharTokenizer.load(path)
