"""Text while its ids come: complete characters only, all of it at the end, and no work twice."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core.decoding import KEPT, decode_stream

SILENT = 256


class Bytes:
    """An id is a byte of UTF-8, and one more gives no text; counts what it decodes."""

    decoded = 0

    def decode(self, ids):
        ids = list(ids)
        self.decoded += len(ids)
        return bytes(i for i in ids if i != SILENT).decode("utf-8", "replace")


class Words:
    """An id is a word after a blank, which the first word of a text does not have."""

    def decode(self, ids):
        return " ".join(f"w{i}" for i in ids)


class Bits:
    """Eight bits a character, those of an unfinished one spell nothing; other ids give no text."""

    def decode(self, ids):
        bits = "".join(str(i) for i in ids if i in (0, 1))
        return "".join(chr(int(bits[i : i + 8], 2)) for i in range(0, len(bits) // 8 * 8, 8))


def test_a_character_is_told_when_its_last_byte_is_there():
    pieces = list(decode_stream(Bytes(), "aé€😀b".encode()))
    assert pieces == ["a", "é", "€", "😀", "b"]


def test_an_unfinished_character_is_told_at_the_end():
    assert list(decode_stream(Bytes(), "aé€".encode()[:-1])) == ["a", "é", "�"]


def test_bytes_that_never_become_a_character_are_told_three_later():
    assert list(decode_stream(Bytes(), [0x80] * 6)) == ["�", "�", "�", "���"]


def test_a_piece_is_given_before_the_next_id_is_asked_for():
    asked = []

    def ids():
        for i in b"ab":
            asked.append(i)
            yield i

    pieces = decode_stream(Bytes(), ids())
    assert next(pieces) == "a"
    assert asked == [ord("a")]


several_bytes = st.one_of(
    st.characters(codec="utf-8").map(lambda c: list(c.encode())),
    st.lists(st.sampled_from([0x80, 0xBF, 0xC3, 0xE2, 0xED, 0xEF, 0xBD, 0xF0, SILENT, 65])),
)


@given(st.lists(several_bytes, max_size=120), st.integers(0, 3))
def test_joined_the_pieces_are_the_text_of_all(groups, cut):
    ids = [i for group in groups for i in group][cut:]
    assert "".join(decode_stream(Bytes(), ids)) == Bytes().decode(ids)


@given(st.lists(st.integers(0, 9), max_size=300))
def test_text_that_depends_on_what_is_before_it_comes_out_whole(ids):
    assert "".join(decode_stream(Words(), ids)) == Words().decode(ids)


@pytest.mark.parametrize("seed", range(20))
def test_a_cut_within_a_character_of_many_ids_is_noticed(seed):
    ids = random.Random(seed).choices(range(6), k=300)
    assert "".join(decode_stream(Bits(), ids)) == Bits().decode(ids)


def test_the_work_grows_with_the_text_and_not_with_its_square():
    for ids in (
        "aé€😀".encode() * 500,
        [0x80] * 5000,
        [65, SILENT, SILENT] * 2000,
        [0xF0, SILENT] * 2500,
    ):
        tokenizer = Bytes()
        assert "".join(decode_stream(tokenizer, ids)) == Bytes().decode(ids)
        assert tokenizer.decoded < 3 * 2 * KEPT * len(ids)
