"""When a template is exported by itself, and which time a period means, by the clock of whoever asked."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from flask import Flask, g

from sql.users import User
from web.background import NOBODY, speak_for
from web.exports.asks import FIRST, LAST, find_period
from web.exports.timetable import find_next

BERLIN = "Europe/Berlin"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("repeats", "on_day", "hour", "after", "following"),
    [
        ("day", 1, 6, utc(2026, 11, 26, 4), utc(2026, 11, 26, 5)),
        ("day", 1, 6, utc(2026, 11, 26, 5), utc(2026, 11, 27, 5)),
        ("day", 1, 6, utc(2026, 7, 1, 4), utc(2026, 7, 2, 4)),
        ("week", 1, 0, utc(2026, 11, 26, 12), utc(2026, 11, 29, 23)),
        ("month", 31, 6, utc(2027, 2, 1), utc(2027, 2, 28, 5)),
        ("month", 1, 6, utc(2026, 12, 1, 5), utc(2027, 1, 1, 5)),
        # In this night the hour from two to three is missing: the export is made at three.
        ("day", 1, 2, utc(2027, 3, 27, 12), utc(2027, 3, 28, 1)),
    ],
)
def test_the_next_time_is_by_the_clock_of_a_place(
    repeats: str, on_day: int, hour: int, after: datetime, following: datetime
) -> None:
    assert find_next(repeats, on_day, hour, BERLIN, after) == following


def test_a_schedule_never_stands_still_and_never_skips_a_day() -> None:
    at, seen = utc(2026, 1, 1), []
    for _day in range(400):
        at = find_next("day", 1, 2, BERLIN, at)
        seen.append(at)
    gaps = {later - earlier for earlier, later in pairwise(seen)}
    assert gaps == {timedelta(hours=23), timedelta(hours=24), timedelta(hours=25)}


def test_a_period_is_whole_days_of_the_readers_clock(app: Flask) -> None:
    person = User(**{**vars(NOBODY), "time_zone": BERLIN})
    with speak_for(app, person):
        assert g.user.time_zone == BERLIN
        today = date(2026, 3, 1)
        assert find_period("today", today) == (utc(2026, 2, 28, 23), utc(2026, 3, 1, 23))
        assert find_period("yesterday", today) == (utc(2026, 2, 27, 23), utc(2026, 2, 28, 23))
        assert find_period("week", today) == (utc(2026, 2, 22, 23), utc(2026, 3, 1, 23))
        assert find_period("month", today) == (utc(2026, 1, 31, 23), utc(2026, 2, 28, 23))
        assert find_period("all", today) == (FIRST, LAST)
