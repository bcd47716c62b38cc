from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_tokenizers import split
from npgpt_tokenizers.patterns import PATTERNS
from npgpt_tokenizers.split import GPT2_WORD, WORD_OR_MARK, count_words, split_words


def test_words_of_gpt2():
    (words,) = split_words(GPT2_WORD, "Hello world's  12 cats!?\n\n end ")
    assert words == ["Hello", " world", "'s", " ", " 12", " cats", "!?", "\n\n", " end", " "]


@pytest.mark.parametrize("pattern", [*PATTERNS.values(), WORD_OR_MARK], ids=[*PATTERNS, "word"])
@given(data=st.data(), size=st.integers(1, 5))
def test_pieces_lose_nothing_and_change_no_word(any_text, pattern, data, size):
    text = data.draw(st.one_of(any_text, st.text("aZé1²'s/!\u0301 \t\r\n\u3000")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(split, "PIECE_SIZE", size)
        pieces = list(split_words(pattern, text))
    words = [word for piece in pieces for word in piece]
    assert "".join(words) == text
    assert words == pattern.findall(text)


def test_counting_reads_each_text_once():
    texts = iter(["to be ", "or not to be"])
    assert count_words(GPT2_WORD, texts) == Counter(
        {" be": 2, "to": 1, " ": 1, "or": 1, " not": 1, " to": 1}
    )
