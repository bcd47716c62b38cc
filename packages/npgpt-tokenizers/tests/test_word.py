import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core.errors import NpgptError
from npgpt_tokenizers import WordTokenizer


def trained(text, **options):
    tokenizer = WordTokenizer(**options)
    tokenizer.train([text])
    return tokenizer


def test_words_marks_and_white_space_are_tokens():
    tokenizer = trained("Don't go,\n\n  'tis 3pm!")
    tokens = [tokenizer.decode([i]) for i in tokenizer.encode("Don't go,\n\n  'tis 3pm!")]
    assert tokens == ["don't", " ", "go", ",", "\n", "\n", " ", " ", "'", "tis", " ", "3pm", "!"]


def test_the_most_frequent_come_first_then_the_lowest():
    tokenizer = trained("b a c a c", vocab_size=7)
    assert [tokenizer.decode([i]) for i in range(4, 7)] == [" ", "a", "c"]
    assert tokenizer.decode(tokenizer.encode("a b c")) == "a \ufffd c"


def test_rare_words_are_left_out():
    tokenizer = trained("a b a", min_frequency=2)
    assert tokenizer.decode(tokenizer.encode("a b a")) == "a \ufffd a"


@given(st.data())
def test_what_it_was_trained_on_comes_back_in_lower_case(any_text, data):
    text = data.draw(any_text)
    tokenizer = trained(text)
    once = tokenizer.decode(tokenizer.encode(text))
    assert once == text.lower()
    assert tokenizer.decode(tokenizer.encode(once)) == once


@pytest.mark.parametrize("text", ["İstanbul", "ΟΔΥΣΣΕΥΣ ΟΔΟΣ", "STRASSE ẞ", "ǅ"])
def test_lower_case_that_depends_on_length_or_place(text):
    tokenizer = trained(text)
    assert tokenizer.decode(tokenizer.encode(text)) == text.lower()


@pytest.mark.parametrize(
    "options",
    [
        {"vocab_size": 4},
        {"vocab_size": 2**31},
        {"vocab_size": "9"},
        {"vocab_size": True},
        {"min_frequency": 0},
        {"min_frequency": 2**63},
        {"min_frequency": 1.5},
    ],
    ids=repr,
)
def test_an_option_out_of_range_is_named(options):
    (name,) = options
    with pytest.raises(NpgptError, match=f"{name}=.* give an integer"):
        WordTokenizer(**options)


@pytest.mark.parametrize("vocab_size", [5, 2**31 - 1])
@pytest.mark.parametrize("min_frequency", [1, 2**63 - 1])
def test_the_ends_of_the_ranges_are_in_them(vocab_size, min_frequency):
    options = {"vocab_size": vocab_size, "min_frequency": min_frequency}
    assert WordTokenizer(**options).options() == options
