import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_train.machine.json_text import format_json, parse_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_what_was_written_is_read(value):
    assert parse_json(format_json(value).encode()) == value


def test_what_fits_into_a_line_and_a_list_of_plain_values_stand_in_one():
    numbers, points = list(range(100)), [[i, i / 7] for i in range(50)]
    record = {"a": {"b": 1, "c": [2]}, "numbers": numbers, "points": points, "empty": {}}
    lines = format_json(record).splitlines()
    assert lines[:4] == [
        "{",
        ' "a": {"b": 1, "c": [2]},',
        f' "numbers": {numbers},',
        ' "points": [',
    ]
    assert lines[4:54] == [f"  {json.dumps(p)}" + "," * (p is not points[-1]) for p in points]
    assert lines[54:] == [" ],", ' "empty": {}', "}"]


@pytest.mark.parametrize("text", [b"", b"{", b"9" * 21, str(2**63).encode(), b"\xff"])
def test_what_is_no_json_of_the_house_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)
