"""The tokenizer keeps every promise, falls back to bytes, and has no <unk>."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from npgpt_byte_fallback.tokenizer import ByteFallbackBPETokenizer

from npgpt_core import NpgptError
from npgpt_core.testing import parametrize_with_checks

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@parametrize_with_checks("tokenizer", ByteFallbackBPETokenizer)
def test_contract(check):
    check()


@settings(deadline=None, derandomize=True)
@given(ANY_TEXT, ANY_TEXT)
def test_every_string_comes_back_and_nothing_is_unknown(learned, text):
    tokenizer = ByteFallbackBPETokenizer()
    tokenizer.train([learned])
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert min(ids, default=4) >= 4


def test_what_was_not_learned_is_bytes():
    tokenizer = ByteFallbackBPETokenizer()
    tokenizer.train(["ab"])
    assert tokenizer.vocab_size == 4 + 256 + 2 + 1
    assert tokenizer.encode("abé").tolist() == [262, 4 + 0xC3, 4 + 0xA9]


def test_the_rarest_characters_are_not_learned():
    tokenizer = ByteFallbackBPETokenizer(character_coverage=0.9)
    tokenizer.train(["a" * 95 + "bcdéf"])
    assert tokenizer.encode("é").tolist() == [4 + 0xC3, 4 + 0xA9]
    assert tokenizer.state()["alphabet"] == ["a"]


def test_llama_spells_a_new_line_in_bytes_where_it_was_not_learned():
    tokenizer = ByteFallbackBPETokenizer()
    tokenizer.train(["one line"])
    assert tokenizer.encode("\n").tolist() == [4 + 0x0A]
    assert tokenizer.state()["fixed_tokens"][0x0A] == "<0x0A>"


def test_its_options_are_in_its_state():
    tokenizer = ByteFallbackBPETokenizer(vocab_size=300, character_coverage=0.5)
    tokenizer.train(["abcabc"])
    again = ByteFallbackBPETokenizer.from_state(tokenizer.state())
    assert again.options() == {"vocab_size": 300, "character_coverage": 0.5}


@pytest.mark.parametrize("coverage", [-0.1, 1.1, float("nan")])
def test_coverage_is_a_share(coverage):
    with pytest.raises(NpgptError, match="character_coverage"):
        ByteFallbackBPETokenizer(character_coverage=coverage)
