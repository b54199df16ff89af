"""Days and moments as people write them, and what is none."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.tables.days import ORDERS, guess_order, read_day, read_moment

FIRST_OF_FEBRUARY = date(2024, 2, 1)


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-01",
        "2024/2/1",
        "20240201",
        "1 Feb 2024",
        "Feb 1, 2024",
        "February 1st, 2024",
        "1-Feb-24",
        "1. Februar 2024",
        "Donnerstag, 1. Febr. 2024",
        "1er février 2024",
        "1 févr. 2024",
        "1 de febrero de 2024",
        "2024-02-01 00:00:00",
    ],
)
@pytest.mark.parametrize("order", ORDERS)
def test_some_days_read_the_same_in_any_order(text: str, order: str) -> None:
    assert read_day(text, order) == FIRST_OF_FEBRUARY
    assert guess_order([text]) == {"ymd"}


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("1/2/2024", "dmy"),
        ("01.02.24", "dmy"),
        ("1. 2. 2024", "dmy"),
        ("2/1/2024", "mdy"),
        ("02-01-24", "mdy"),
        ("24-02-01", "ymd"),
        ("24/2/1", "ymd"),
    ],
)
def test_other_days_read_in_the_order_that_is_given(text: str, order: str) -> None:
    assert read_day(text, order) == FIRST_OF_FEBRUARY
    assert order in guess_order([text])


@pytest.mark.parametrize("month", ["März", "mars", "marzo", "March", "Mrz", "mar"])
def test_a_month_may_have_its_name_in_four_languages(month: str) -> None:
    assert read_day(f"3 {month} 2026", "dmy") == date(2026, 3, 3)


@pytest.mark.parametrize(
    ("texts", "orders"),
    [
        (["1/2/2024"], {"dmy", "mdy"}),
        (["1/2/2024", "13/2/2024"], {"dmy"}),
        (["1/2/2024", "2/13/2024"], {"mdy"}),
        (["13/2/2024", "2/13/2024"], set()),
        (["1/2/2024", "2024-01-02", "3 May 2024"], {"dmy", "mdy"}),
        (["5/5/2024"], {"dmy", "mdy"}),
        (["01/02/03"], {"dmy", "mdy", "ymd"}),
        (["70/02/03"], {"ymd"}),
        (["2024-01-02T03:04:05Z"], {"ymd"}),
        (["1700000000", "1700000060"], {"ymd"}),
        (["1/2/2024 10:30", "31/1/2024 9:15 pm"], {"dmy"}),
        (["1/2/2024", "", "3/2/2024", "14/2/2024", "5/2/2024", "unknown"], {"dmy"}),
        (["A", "B"], set()),
        (["31/2/2024"], set()),
        ([], set()),
    ],
)
def test_the_order_of_a_column_is_open_or_sure(texts: list[str], orders: set[str]) -> None:
    assert guess_order(texts) == orders


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02-01T03:04:05Z", "2024-02-01T03:04:05+00:00"),
        ("2024-02-01 03:04:05.25", "2024-02-01T03:04:05.250000"),
        ("2024-02-01T03:04:05.123456789+02:00", "2024-02-01T03:04:05.123456+02:00"),
        ("2024-02-01 03:04 -0530", "2024-02-01T03:04:00-05:30"),
        ("20240201T030405Z", "2024-02-01T03:04:05+00:00"),
        ("1/2/2024", "2024-02-01T00:00:00"),
        ("1/2/2024 3:04 pm", "2024-02-01T15:04:00"),
        ("1/2/2024 12:04AM", "2024-02-01T00:04:00"),
        ("1/2/2024, 3 p.m.", "2024-02-01T15:00:00"),
        ("1.2.2024 14:30 Uhr", "2024-02-01T14:30:00"),
        ("1er février 2024 14h30", "2024-02-01T14:30:00"),
        ("Thu, 1 Feb 2024 10:00:00 GMT", "2024-02-01T10:00:00+00:00"),
        ("1706778245", "2024-02-01T09:04:05+00:00"),
        ("1706778245123", "2024-02-01T09:04:05.123000+00:00"),
        ("1706778245.5", "2024-02-01T09:04:05.500000+00:00"),
    ],
)
def test_a_moment_reads_as_it_is_meant(text: str, moment: str) -> None:
    assert read_moment(text, "dmy").isoformat() == moment


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("31/2/2024", "31/2/2024: there is no day 31 in month 2 of 2024."),
        ("2024-02-30", "2024-02-30: there is no day 30 in month 2 of 2024."),
        ("1/13/2024", "1/13/2024: there is no month 13."),
        ("soon", "soon is no day, such as 2026-11-23."),
        ("12:30", "12:30 is no day, such as 2026-11-23."),
        ("2024", "2024 is no day, such as 2026-11-23."),
        ("1/2/124", "1/2/124 is no day, such as 2026-11-23."),
        ("99999999", "99999999: there is no month 99."),
        ("900000000", "900000000 is no day, such as 2026-11-23."),
        ("1/2/2024 25:00", "25:00 is no time of day."),
        ("1/2/2024 13:00 pm", "13:00 pm is no time of day."),
        ("1/2/2024 10:00 +9900", "10:00 +9900 is no time of day."),
    ],
)
def test_what_is_no_moment_is_told_in_words(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(reason) + "$"):
        read_moment(text, "dmy")


def test_a_day_has_no_time_of_day() -> None:
    with pytest.raises(ValueError, match="only a day is wanted"):
        read_day("1/2/2024 10:00", "dmy")


@given(st.dates(date(1970, 1, 1), date(2069, 12, 31)), st.sampled_from(["./- "[at] for at in range(4)]))
def test_every_day_reads_back_in_every_order(day: date, between: str) -> None:
    parts = {"d": f"{day.day:02}", "m": f"{day.month:02}", "y": f"{day.year % 100:02}"}
    for order in ORDERS:
        text = between.join(parts[part] for part in order)
        assert read_day(text, order) == day
        assert order in guess_order([text])


@given(st.datetimes(timezones=st.sampled_from([None, UTC, timezone(timedelta(hours=-3, minutes=-30))])))
def test_every_iso_moment_reads_back(moment: datetime) -> None:
    assert read_moment(moment.isoformat(), "mdy") == moment
    assert read_moment(moment.isoformat(" "), "mdy") == moment
