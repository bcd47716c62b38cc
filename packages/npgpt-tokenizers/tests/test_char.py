import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_tokenizers import CharTokenizer


def test_sorted_characters_follow_the_special_tokens():
    tokenizer = CharTokenizer()
    tokenizer.train(["cab", "bad\n"])
    assert tokenizer.vocab_size == 4 + 5
    assert tokenizer.encode("\nabcdz").tolist() == [4, 5, 6, 7, 8, 1]


@given(st.data())
def test_lossless_on_its_characters_and_unknown_elsewhere(any_text, data):
    learned, other = data.draw(any_text), data.draw(any_text)
    tokenizer = CharTokenizer()
    tokenizer.train([learned])
    expected = "".join(c if c in learned else "\ufffd" for c in other)
    assert tokenizer.decode(tokenizer.encode(other)) == expected


def test_has_no_vocab_size_option():
    with pytest.raises(TypeError):
        CharTokenizer(vocab_size=10)
