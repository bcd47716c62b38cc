"""Text of a stranger, harmless on a terminal."""

from hypothesis import given
from hypothesis import strategies as st

from npgpt_core.escaping import one_line, printable

TEXTS = st.text(st.characters() | st.sampled_from("\n\t\r\x1b\x9b\u202e\u2028\ud800 a"))


@given(TEXTS)
def test_what_is_printable_moves_no_cursor_and_one_line_is_one(text):
    shown, line = printable(text), one_line(text)
    assert not set(shown) & set("\r\x1b\x9b\u202e\u2028\ud800\x07\x08\x7f")
    assert shown.count("\n") == text.count("\n")
    assert len(line.splitlines()) <= 1
    assert "\t" not in line
    line.encode("utf-8")


def test_what_was_escaped_can_be_read():
    assert one_line("a\nb\x1b[31m") == r"a\nb\x1b[31m"
    assert printable("a\nb\tc") == "a\nb\tc"
