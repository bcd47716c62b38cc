"""A text that holds special tokens, where its author may spell them."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core.special_tokens import encode_text

TOKENS = {"<a>": 900, "<a><b>": 901, "<b>": 902, ".*": 903}
SPELLING = {i: spelling for spelling, i in TOKENS.items()}
CHARACTERS = SimpleNamespace(special_tokens=TOKENS, encode=lambda text: [*map(ord, text)])


def decoded(ids):
    return "".join(SPELLING.get(int(i)) or chr(i) for i in ids)


@given(st.lists(st.sampled_from([*TOKENS, "<", "a", ">", "b", "\n", ""])).map("".join))
def test_every_spelling_is_its_token_and_nothing_else_changes(text):
    ids = encode_text(CHARACTERS, text, special_tokens=True)
    assert (ids.ndim, ids.dtype.kind) == (1, "i")
    assert decoded(ids) == text
    rest = "".join(" " if i in SPELLING else chr(i) for i in ids)
    assert not any(spelling in rest for spelling in TOKENS)
    assert encode_text(CHARACTERS, text).tolist() == [*map(ord, text)]


@pytest.mark.parametrize(
    ("text", "ids"),
    [("<a><b>", [901]), ("<b><a>", [902, 900]), ("x.*", [120, 903]), ("<a", [60, 97]), ("", [])],
)
def test_of_two_spellings_at_one_place_the_longer_counts(text, ids):
    assert encode_text(CHARACTERS, text, special_tokens=True).tolist() == ids


def test_without_special_tokens_a_text_is_as_it_was():
    plain = SimpleNamespace(special_tokens={}, encode=CHARACTERS.encode)
    assert encode_text(plain, "<a>", special_tokens=True).tolist() == [*map(ord, "<a>")]
