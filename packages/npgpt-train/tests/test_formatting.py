"""Numbers, sizes and durations, as one reads them."""

import pytest

from npgpt_train.formatting import (
    compact,
    decimals,
    duration,
    evaluation,
    mebibytes,
    number,
    percent,
    perplexity,
    setting,
)


def test_a_number_has_thousands_apart_and_none_is_a_dash():
    assert [number(None), number(1234.5678), number(0.5, 2)] == ["–", "1,235", "0.50"]
    assert decimals(1)(2.25) == "2.2"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0.000"),
        (0.0006, "0.001"),
        (-0.0006, "-0.001"),
        (0.0004, "4.0e-04"),
        (-1.25, "-1.250"),
        (9999.5, "9999.500"),
        (10_000.0, "1.0e+04"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
    ],
)
def test_a_number_has_decimals_where_they_say_something(value, text):
    assert compact(value) == text
    assert compact(0.5, 1) == "0.5"


@pytest.mark.parametrize(
    ("value", "text"), [(1e9 - 1, "999,999,999"), (1e9, "1.0e+09"), (None, "–")]
)
def test_a_huge_perplexity_is_a_power_of_ten(value, text):
    assert perplexity(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(1, "100%"), (0.1, "10%"), (0.0994, "9.9%"), (0.0996, "10%"), (0, "0.0%"), (None, "–")],
)
def test_a_share_has_a_decimal_where_it_is_small(share, text):
    assert percent(share) == text
    assert percent(0.1234, 1) == "12.3%"


def test_a_size_is_in_mebibytes():
    assert [mebibytes(0), mebibytes(1500 * 2**20), mebibytes(3 * 2**19, 1)] == [
        *["0 MiB", "1,500 MiB", "1.5 MiB"]
    ]


def test_a_duration_has_as_many_units_as_it_takes():
    assert [duration(59.4), duration(60), duration(3599), duration(3600), duration(7265)] == [
        *["59 s", "1 min 0 s", "59 min 59 s", "1 h 0 min", "2 h 1 min"]
    ]


def test_a_setting_is_written_as_one_would():
    assert [setting(2.9999999999999997e-05), setting(["a", "b"]), setting(1.0), setting(True)] == [
        *["3e-05", "a, b", "1", "True"]
    ]


def test_an_evaluation_is_a_line():
    metrics = {"step": 12, "train_loss": 2.0, "val_loss": 2.34567}
    assert evaluation(metrics) == "step     12  train 2.0000  validation 2.3457"
