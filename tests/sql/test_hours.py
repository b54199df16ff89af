"""Hours of a week: what people write, the one way to write it, and when that is in UTC."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sql.hours import DAY, DAYS, Hours, HoursError, list_spans, parse

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
# Zones of one hour, half an hour, south of the equator, no daylight time, and one that skipped a whole day.
ZONES = [
    ZoneInfo(name)
    for name in (
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "America/St_Johns",
        "Africa/Casablanca",
        "Pacific/Apia",
        "UTC",
    )
]
CHANGES = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2026, 2, 15, 2, tzinfo=UTC),
    datetime(2011, 12, 30, 10, tzinfo=UTC),
    datetime(2026, 7, 1, tzinfo=UTC),
]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Hours as somebody might write them."""
    parts = []
    for _ in range(draw(st.integers(1, 5))):
        days = "-".join(draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=2)))
        start, end = draw(st.lists(st.integers(0, DAY), min_size=2, max_size=2, unique=True))
        start, end = (end, start) if start == DAY else (start, end)
        times = "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (start, end))
        parts.append(f"{days} {times}")
    return draw(st.sampled_from([", ", "; ", ",", ";"])).join(parts)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Mo-Fr 06:00-18:00, Sa 08:00-12:00", "Mo-Fr 06:00-18:00, Sa 08:00-12:00"),
        ("mo-FR 6:00 \N{EN DASH} 18:00;sa 08:00-12:00;", "Mo-Fr 06:00-18:00, Sa 08:00-12:00"),
        ("Mo-Fr 13:00-18:00, 06:00-12:00", "Mo-Fr 06:00-12:00, 13:00-18:00"),
        ("We, Mo, Fr 08:00-12:00", "Mo, We, Fr 08:00-12:00"),
        ("Fr 22:00-02:00", "Fr 22:00-02:00"),
        ("Fr 22:00-24:00, Sa 00:00-02:00", "Fr 22:00-02:00"),
        ("Su 22:00-02:00", "Su 22:00-02:00"),
        ("Mo-Su 00:00-24:00", "Mo-Su 00:00-24:00"),
        ("Mo-Su 12:00-00:00, 00:00-13:00", "Mo-Su 00:00-24:00"),
        ("Sa-Mo 00:00-24:00", "Mo, Sa-Su 00:00-24:00"),
        ("Mo 12:00-24:00, Tu 00:00-24:00", "Mo 12:00-24:00, Tu 00:00-24:00"),
        ("Mo 08:00-10:00, Mo 09:00-12:00", "Mo 08:00-12:00"),
    ],
)
def test_hours_are_kept_in_one_form(written: str, kept: str) -> None:
    assert str(parse(written)) == kept
    assert parse(kept) == parse(written)


@given(texts())
def test_the_one_form_says_the_same(text: str) -> None:
    hours = parse(text)
    assert parse(str(hours)) == hours
    assert str(parse(str(hours))) == str(hours)


@pytest.mark.parametrize(
    ("written", "reason", "part"),
    [
        ("", "empty", ""),
        (" ; ,", "empty", ""),
        ("always", "day", "always"),
        ("Mo-Xx 06:00-18:00", "day", "Xx"),
        ("Mo 06:00", "form", "Mo 06:00"),
        ("Mo 06:00-18:00 or so", "form", "Mo 06:00-18:00 or so"),
        ("06:00-18:00", "no_days", "06:00-18:00"),
        ("Mo 06:00-18:00, Tu", "no_times", "Tu"),
        ("Mo 06:00-25:00", "time", "25:00"),
        ("Mo 06:60-07:00", "time", "06:60"),
        ("Mo 24:00-06:00", "time", "24:00"),
        ("Mo 24:01-06:00", "time", "24:01"),
        ("Mo 6-18", "time", "6"),
        ("Mo 08:00-08:00", "no_length", "08:00-08:00"),
    ],
)
def test_nonsense_is_refused_by_its_part(written: str, reason: str, part: str) -> None:
    with pytest.raises(HoursError) as refused:
        parse(written)
    assert (refused.value.reason, refused.value.part) == (reason, part)
    assert part in str(refused.value)


@given(st.text(alphabet="MoTuWeFrSa-:;, 0123456789x\N{EN DASH}", max_size=40))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    with suppress(HoursError):
        assert parse(text).spans


@given(
    texts(),
    st.sampled_from(ZONES),
    st.sampled_from(CHANGES),
    st.integers(-3000, 3000),
    st.integers(1, 3000),
)
def test_spans_are_the_minutes_in_which_the_clock_shows_these_hours(
    text: str, zone: ZoneInfo, around: datetime, before: int, minutes: int
) -> None:
    hours = parse(text)
    since = around + before * MINUTE
    spans = list_spans(hours, zone, since, since + minutes * MINUTE)
    inside = {
        since + n * MINUTE for n in range(minutes) if shows(hours, (since + n * MINUTE).astimezone(zone))
    }
    listed = [start + n * MINUTE for start, end in spans for n in range((end - start) // MINUTE)]
    assert set(listed) == inside
    assert len(listed) == len(inside)
    assert all(earlier[1] < later[0] for earlier, later in pairwise(spans))


def shows(hours: Hours, local: datetime) -> bool:
    """Whether a clock that shows this is within the hours: the long way round."""
    minute = local.weekday() * DAY + local.hour * 60 + local.minute
    return any(start <= minute < end for start, end in hours.spans)


def test_an_hour_that_comes_twice_counts_twice() -> None:
    since, until = datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)
    assert list_spans(parse("Su 02:00-03:00"), BERLIN, since, until) == [
        (datetime(2026, 10, 25, 0, tzinfo=UTC), datetime(2026, 10, 25, 2, tzinfo=UTC))
    ]
    assert list_spans(parse("Sa 22:00-06:00"), BERLIN, since, until) == [
        (datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 5, tzinfo=UTC))
    ]


def test_an_hour_that_is_skipped_never_comes() -> None:
    since, until = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert list_spans(parse("Su 02:00-03:00"), BERLIN, since, until) == []


def test_always_is_one_span_over_any_change_of_clocks() -> None:
    since = datetime(2026, 1, 1, 0, 0, 30, 5, tzinfo=UTC)
    until = datetime(2027, 1, 1, tzinfo=UTC)
    assert list_spans(parse("Mo-Su 00:00-24:00"), BERLIN, since, until) == [(since, until)]
    assert list_spans(parse("Mo-Su 00:00-24:00"), BERLIN, until, since) == []


def test_moments_of_any_zone_are_answered_in_utc() -> None:
    since = datetime(2026, 11, 23, 0, tzinfo=BERLIN)
    assert list_spans(parse("Mo 06:00-18:00"), BERLIN, since, since + timedelta(1)) == [
        (datetime(2026, 11, 23, 5, tzinfo=UTC), datetime(2026, 11, 23, 17, tzinfo=UTC))
    ]
