"""Numbers as people write them, and what is no number."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.tables.numbers import guess_decimal, read_number


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1234", ".", "1234"),
        ("1,234.50", ".", "1234.50"),
        ("1.234,50", ",", "1234.50"),
        ("1 234,50", ",", "1234.50"),
        ("1\u00a0063\u00a0850,00", ",", "1063850.00"),
        ("1\u202f234,5", ",", "1234.5"),
        ("1'234.50", ".", "1234.50"),
        ("1\u2019234\u2019567", ".", "1234567"),
        ("-5", ".", "-5"),
        ("\u22125,5", ",", "-5.5"),
        ("5.25-", ".", "-5.25"),
        ("(1,234.00)", ".", "-1234.00"),
        ("+7", ".", "7"),
        (".5", ".", "0.5"),
        ("1.5e3", ".", "1500"),
        ("-", ",", "0"),
        (" 8 ", ".", "8"),
    ],
)
def test_a_number_reads_as_it_is_meant(text: str, decimal: str, number: str) -> None:
    assert read_number(text, decimal) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["1,23,4", "12,34", "1,2345", "0,123", "1 2345", "1.234.5", "1,234 567", "1.234,5"]
)
def test_thousands_that_are_not_set_apart_by_threes_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"thousands set apart by threes\. Write it as 1234\.5"):
        read_number(text, ".")


@pytest.mark.parametrize(
    "text", ["", ".", "abc", "5 km", "€5", "--5", "(5", "(-5)", "1e999", "٣", "1_000", "NaN", "9" * 99]
)
def test_anything_else_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no number"):
        read_number(text, ".")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("€ 5.00", "5"),
        ("5 €", "5"),
        ("12 km", "12"),
        ("12km/h", "12"),
        ("45%", "45"),
        ("-€5", "-5"),
        ("(€5)", "-5"),
        ("EUR 7", "7"),
        ("5 l/100 km", "5"),
    ],
)
def test_units_are_left_out_where_that_is_asked(text: str, number: str) -> None:
    assert read_number(text, ".", units=True) == Decimal(number)


@pytest.mark.parametrize(
    ("texts", "possible"),
    [
        (["1,234"], {".", ","}),
        (["1,234", "7"], {".", ","}),
        (["1,234", "0,5"], {","}),
        (["1.234", "1.5"], {"."}),
        (["1 234,50"], {","}),
        (["0.125"], {"."}),
        (["1,5", "1.5"], set()),
        (["A", "B"], set()),
        ([], set()),
        (["", " "], set()),
        (["1,5", "", "2,5", "3,5", "4,5", "n/a"], {","}),
    ],
)
def test_what_stands_before_decimals_is_open_or_sure(texts: list[str], possible: set[str]) -> None:
    assert guess_decimal(texts) == possible


@given(
    st.decimals(-(10**12), 10**12, allow_nan=False, places=3),
    st.sampled_from(
        [(".", ","), (",", "."), (",", "\u00a0"), (",", "\u202f"), (".", "'"), (".", "\u2019"), (".", "")]
    ),
)
def test_every_number_reads_back(number: Decimal, signs: tuple[str, str]) -> None:
    decimal, thousands = signs
    text = f"{number:,.3f}".translate({ord("."): decimal, ord(","): thousands})
    assert read_number(text, decimal) == number
    assert decimal in guess_decimal([text])
