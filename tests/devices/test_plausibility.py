"""Which times of a fix cannot be right."""

from datetime import UTC, datetime, timedelta

import pytest

from devices.plausibility import find_fault
from devices.position import Position

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CYCLE = timedelta(weeks=1024)


def judge(moment: datetime, **attributes: str) -> str | None:
    return find_fault(Position(None, moment, 48.1, 11.5, attributes=attributes or None), NOW)


@pytest.mark.parametrize("age", [-9, 0, 60, 60 * 24 * 365, 60 * 24 * 365 * 15])
def test_a_fix_of_now_or_of_years_ago_is_welcome(age: int) -> None:
    assert judge(NOW - timedelta(minutes=age)) is None


@pytest.mark.parametrize("ahead", [timedelta(minutes=11), timedelta(days=1), timedelta(days=365 * 54)])
def test_a_fix_of_the_future_is_a_fault(ahead: timedelta) -> None:
    assert judge(NOW + ahead) == "future fix"


@pytest.mark.parametrize("lag", [timedelta(0), timedelta(hours=20), timedelta(hours=-20)])
def test_the_present_told_a_gps_cycle_ago_is_a_week_rollover(lag: timedelta) -> None:
    assert judge(NOW - CYCLE - lag) == "week rollover"
    assert judge(NOW - 2 * CYCLE - lag) == "week rollover"


@pytest.mark.parametrize("off", [timedelta(days=2), timedelta(days=-2)])
def test_any_other_day_that_long_ago_is_late_and_no_fault(off: timedelta) -> None:
    assert judge(NOW - CYCLE - off) is None


def test_a_suspicion_of_the_decoder_is_heard() -> None:
    old = datetime(1999, 8, 22, tzinfo=UTC)
    assert judge(old, time_suspect="week_rollover") == "week rollover"
    assert (
        judge(old) == judge(datetime(1979, 1, 1, tzinfo=UTC), time_suspect="before_gps") == "implausible time"
    )


def test_a_clock_that_starts_at_the_epoch_is_implausible() -> None:
    assert (
        judge(datetime(1970, 1, 1, tzinfo=UTC))
        == judge(datetime(1999, 12, 31, tzinfo=UTC))
        == "implausible time"
    )
