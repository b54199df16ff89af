"""From when to when a device is looked at again, and what is left alone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from jobs.detection.turn import redo
from jobs.detection.windows import FIRST, LAST, Window, find_windows
from sql.tracks import IGNITION_OFF, IGNITION_ON, read_fixes

OFF, ON = IGNITION_OFF, IGNITION_ON
HOUR = 3600
MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
Tables = dict[str, list[Any]]


def make_day(way: Any) -> Any:
    """Two hours at rest, a trip of ten minutes, and rest for what is left of the day."""
    way.tell(ignition=OFF).stand(2 * HOUR).tell(ignition=ON).drive(600).tell(ignition=OFF)
    return way.stand(24 * HOUR - 2 * HOUR - 600)


@pytest.fixture
def days(ride: Any) -> Any:
    """The fixes of four days, one a minute, each with a trip at ten."""
    way = ride(every_s=60.0, ignition=OFF)
    for _ in range(4):
        make_day(way)
    return way.fixes()


def at(day: int, hour: float) -> datetime:
    """A moment of the track: day 0 begins at eight."""
    return MONDAY + timedelta(days=day, hours=hour - 8)


def pick(fixes: Any, since: datetime, until: datetime, tell: Any) -> tuple[list[Any], list[Any]]:
    """The reports between two moments, and all others."""
    reports = tell("bus-1", fixes)
    within = [report for report in reports if since <= report.position.fix_time < until]
    return within, [report for report in reports if not since <= report.position.fix_time < until]


@pytest.fixture
def ask(connection: psycopg.Connection) -> Callable[..., Window]:
    """Where the one device has to be looked at when fixes between two moments are new."""

    def find(since: datetime, until: datetime) -> Window:
        row = connection.execute("SELECT id FROM devices").fetchone()
        assert row
        (window,) = find_windows(connection, [{"device_id": row[0], "since": since, "until": until}])
        return window

    return find


@pytest.fixture
def read_versions(connection: psycopg.Connection) -> Callable[[], dict[str, dict[Any, Any]]]:
    """The transaction that wrote each row last, by table and start of the row."""

    def read() -> dict[str, dict[Any, Any]]:
        tables = {"trips": "started_at", "stops": "started_at", "events": "(started_at, kind)"}
        return {
            table: dict(connection.execute(f"SELECT {key}::text, xmin::text FROM {table}").fetchall())  # type: ignore
            for table, key in tables.items()
        }

    return read


def test_a_device_of_which_nothing_is_known_is_looked_at_from_its_first_fix(
    store: Any, make_report: Any, ride: Any, tell: Any, ask: Callable[..., Window]
) -> None:
    store(tell("bus-1", ride().stand(60).fixes()))
    window = ask(at(0, 8), at(0, 8.1))
    assert (window.since, window.until) == (FIRST, LAST)
    assert (window.known.stop, window.expected) == (None, None)
    assert (window.stretch.since, window.stretch.until) == (FIRST, LAST)


def test_what_is_new_at_the_end_needs_little_of_what_was_before(
    store: Any, tell: Any, detect: Any, days: Any, ask: Callable[..., Window], connection: psycopg.Connection
) -> None:
    store(tell("bus-1", days))
    detect()
    window = ask(at(4, 8), at(4, 8))
    assert (window.since, window.until) == (at(4, 7.5), LAST)
    assert window.known.stop is not None
    (fixes,) = read_fixes(connection, [window.stretch], 10_000)
    assert 30 <= len(fixes) <= 60


def test_a_late_fix_of_yesterday_leaves_what_came_later_unread(
    store: Any, tell: Any, detect: Any, days: Any, ask: Callable[..., Window], connection: psycopg.Connection
) -> None:
    store(tell("bus-1", days))
    detect()
    window = ask(at(2, 10), at(2, 10.2))
    assert window.since == at(2, 9.5)
    assert at(2, 10.7) <= window.until <= at(3, 11)
    assert window.expected is not None
    (fixes,) = read_fixes(connection, [window.stretch], 10_000)
    assert len(fixes) < 27 * 60


@pytest.mark.parametrize("hours", [(9.5, 9.6), (10.05, 10.1), (14, 15)])
def test_what_came_late_changes_its_neighbourhood_and_nothing_else(
    store: Any,
    tell: Any,
    detect: Any,
    tables: Callable[[], Tables],
    days: Any,
    hours: tuple[float, float],
    read_versions: Any,
    connection: psycopg.Connection,
) -> None:
    late, others = pick(days, at(1, hours[0]), at(1, hours[1]), tell)
    assert late
    store(others)
    detect()
    before = read_versions()
    store(late)
    detect()
    after = read_versions()
    for table, rows in before.items():
        far = {
            key: row for key, row in rows.items() if not "2026-03-03" <= key.strip('("') <= "2026-03-03 12"
        }
        assert len(far) >= 3
        assert {key: after[table].get(key) for key in far} == far
    found = tables()
    connection.execute("TRUNCATE trips, stops, events, geofence_visits")
    redo(connection, FIRST)
    detect()
    assert found == tables()


def test_a_fix_of_long_ago_that_changes_everything_up_to_now_does(
    ride: Any, store: Any, tell: Any, detect: Any, tables: Callable[[], Tables]
) -> None:
    """Where the vehicle stood in between hangs on where it stood first."""
    way = ride(every_s=600.0, ignition=OFF).skip(600, metres=0).stand(3 * 24 * HOUR)
    reports = tell("bus-1", way.fixes())
    store(reports[2:])
    detect()
    (stop,) = tables()["stops"]
    assert way.clock(stop["started_at"]) == 1200
    store(reports[:2])
    detect()
    (stop,) = tables()["stops"]
    assert (way.clock(stop["started_at"]), way.clock(stop["ended_at"])) == (0, way.now_s)


def test_a_fix_that_comes_late_into_a_silence_cuts_it_short(
    ride: Any, store: Any, tell: Any, detect: Any, tables: Callable[[], Tables]
) -> None:
    way = ride(every_s=60.0).stand(HOUR).skip(2 * HOUR - 60).stand(60)
    reports = tell("bus-1", way.fixes())
    store([report for report in reports if report is not reports[-2]])
    detect()
    silences = [event for event in tables()["events"] if event["kind"] == "offline"]
    assert [(way.clock(event["ended_at"]), event["value"]) for event in silences] == [(3 * HOUR, 2 * HOUR)]
    store([reports[-2]])
    detect()
    silences = [event for event in tables()["events"] if event["kind"] == "offline"]
    assert [event["value"] for event in silences] == [2 * HOUR - 60]


def test_a_fix_that_comes_late_from_elsewhere_into_a_silence_ends_the_stop(
    ride: Any, store: Any, tell: Any, detect: Any, tables: Callable[[], Tables]
) -> None:
    way = ride(every_s=60.0).stand(HOUR).skip(2 * HOUR, metres=5000).stand(120)
    way.skip(2 * HOUR, metres=-5000).stand(HOUR)
    reports = tell("bus-1", way.fixes())
    store([*reports[:61], *reports[64:]])
    detect()
    assert len(tables()["stops"]) == 1
    store(reports[61:64])
    detect()
    assert len(tables()["stops"]) == 3


def test_a_unit_wired_to_permanent_power_is_looked_at_from_its_last_rest_on(
    store: Any, ride: Any, tell: Any, detect: Callable[[], int], ask: Callable[..., Window]
) -> None:
    way = ride(every_s=60.0, ignition=ON)
    for _ in range(5):
        way.stand(HOUR).drive(600)
    store(tell("bus-1", way.stand(HOUR).fixes()))
    detect()
    newest = MONDAY + timedelta(seconds=way.now_s)
    assert ask(newest, newest).since >= newest - timedelta(hours=1)
