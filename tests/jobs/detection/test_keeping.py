"""What becomes of alerts when events begin, end, move, and turn out to be none."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest


@pytest.fixture
def now() -> datetime:
    """The moment at which the test plays: what is fresh is so for minutes only."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def way(now: datetime, ride: Any) -> Any:
    """A ride that began five minutes ago, at 20 m/s for a minute."""
    return ride(start=now - timedelta(minutes=5)).drive(60, 20)


@pytest.fixture
def read(now: datetime, connection: psycopg.Connection) -> Callable[[], list[tuple[Any, ...]]]:
    """Each alert: kind, events, whether it is over, and the seconds since the start of its newest event."""

    def look() -> list[tuple[Any, ...]]:
        query = "SELECT kind, events, is_over, latest_event_at FROM alerts ORDER BY kind"
        start = now - timedelta(minutes=5)
        return [
            (*row, (latest - start).total_seconds()) for *row, latest in connection.execute(query).fetchall()
        ]

    return look


@pytest.fixture
def list_steps(connection: psycopg.Connection) -> Callable[[], list[str]]:
    """What happened to the alerts."""
    query = "SELECT action FROM alert_steps WHERE action <> 'escalated' ORDER BY id"
    return lambda: [action for (action,) in connection.execute(query)]


def test_an_event_raises_an_alert_once_however_often_it_is_looked_at(
    way: Any, store: Any, tell: Any, detect: Any, read: Any
) -> None:
    for report in tell("bus-1", way.drive(60, 30).fixes()):
        store([report])
        detect()
    assert read() == [("overspeed", 1, False, 70)]


def test_an_event_that_ends_makes_its_alert_over(
    way: Any, store: Any, tell: Any, detect: Any, read: Any, list_steps: Any
) -> None:
    way.drive(60, 30)
    store(tell("bus-1", way.fixes()))
    detect()
    store(tell("bus-1", way.drive(30, 20).fixes())[13:])
    detect()
    assert read() == [("overspeed", 1, True, 70)]
    assert list_steps() == ["raised", "over"]


def test_an_event_that_is_over_when_it_is_first_seen_is_told_all_the_same(
    way: Any, store: Any, tell: Any, detect: Any, read: Any
) -> None:
    store(tell("bus-1", way.drive(60, 30).drive(30, 20).fixes()))
    detect()
    assert read() == [("overspeed", 1, True, 70)]


def test_an_event_that_began_earlier_than_was_thought_keeps_its_alert(
    way: Any, store: Any, tell: Any, detect: Any, read: Any, list_steps: Any, connection: psycopg.Connection
) -> None:
    reports = tell("bus-1", way.drive(60, 30).fixes())
    store(reports[:7] + reports[9:])
    detect()
    assert read() == [("overspeed", 1, False, 90)]
    store(reports[7:9])
    detect()
    assert read() == [("overspeed", 1, False, 70)]
    assert list_steps() == ["raised"]
    events = connection.execute("SELECT started_at FROM events").fetchall()
    assert connection.execute("SELECT started_at FROM alert_events").fetchall() == events


def test_an_event_that_has_moved_still_makes_its_alert_over(
    way: Any, store: Any, tell: Any, detect: Any, read: Any
) -> None:
    reports = tell("bus-1", way.drive(60, 30).drive(30, 20).fixes())
    store(reports[:7] + reports[9:13])
    detect()
    store(reports[7:9])
    detect()
    store(reports[13:])
    detect()
    assert read() == [("overspeed", 1, True, 70)]


def test_an_event_that_moves_and_ends_at_once_makes_its_alert_over(
    way: Any, store: Any, tell: Any, detect: Any, read: Any, list_steps: Any
) -> None:
    reports = tell("bus-1", way.drive(60, 30).drive(30, 20).fixes())
    store(reports[:7] + reports[9:13])
    detect()
    store(reports[7:9] + reports[13:])
    detect()
    assert read() == [("overspeed", 1, True, 70)]
    assert list_steps() == ["raised", "over"]


def test_an_event_that_later_data_shows_to_be_none_is_withdrawn(
    way: Any, store: Any, tell: Any, detect: Any, read: Any, connection: psycopg.Connection
) -> None:
    way.drive(20, 30).drive(60, 20)
    fixes = way.fixes()
    reports = tell("bus-1", fixes)
    store(reports)
    detect()
    assert read()[0][:2] == ("overspeed", 1)
    (between,) = tell("bus-1", fixes[7:8])
    moment = between.position.fix_time + timedelta(seconds=5)
    store([between._replace(position=between.position._replace(fix_time=moment, speed_mps=20.0))])
    detect()
    assert connection.execute("SELECT count(*) FROM events").fetchone() == (0,)
    assert read()[0][:3] == ("overspeed", 0, True)
    steps = connection.execute(
        "SELECT action, detail FROM alert_steps WHERE action = 'over' ORDER BY id"
    ).fetchall()
    assert steps[-1] == ("over", "withdrawn by later data")


@pytest.mark.parametrize(("late_s", "alerts"), [(100, 1), (140, 0)])
def test_what_came_later_than_its_rule_allows_raises_nothing(
    way: Any, store: Any, tell: Any, detect: Any, read: Any, late_s: int, alerts: int
) -> None:
    store(tell("bus-1", way.drive(60, 30).fixes(), late=timedelta(seconds=late_s)))
    detect()
    assert len(read()) == alerts


def test_how_late_is_too_late_may_differ_by_vehicle(
    now: datetime, ride: Any, store: Any, tell: Any, detect: Any, connection: psycopg.Connection
) -> None:
    for uid in ("patient", "usual"):
        way = ride(start=now - timedelta(minutes=8)).drive(60, 20)
        store(tell(uid, way.fixes()))
    connection.execute(
        """
        INSERT INTO rules (kind, vehicle_id, threshold, lasting_s, fresh_s, raises_alert)
        SELECT 'overspeed', vehicle_id, 25, 10, 600, true FROM devices WHERE uid = 'patient'
        """
    )
    for uid in ("patient", "usual"):
        store(
            tell(uid, ride(start=now - timedelta(minutes=6)).drive(60, 30).fixes(), late=timedelta(minutes=5))
        )
    detect()
    row = connection.execute("SELECT uid FROM alerts JOIN devices ON devices.id = device_id").fetchall()
    assert row == [("patient",)]


def test_what_nobody_looked_at_for_long_is_no_news(
    now: datetime, ride: Any, store: Any, tell: Any, detect: Any, read: Any
) -> None:
    for minutes, alerts in ((25, 0), (12, 1)):
        way = ride(start=now - timedelta(minutes=minutes)).drive(60, 20).drive(60, 30)
        store(tell(f"bus-{minutes}", way.fixes()))
        detect()
        assert len(read()) == alerts


def test_whether_a_kind_raises_alerts_is_for_the_rule_to_say(
    way: Any, store: Any, tell: Any, detect: Any, read: Any, connection: psycopg.Connection
) -> None:
    connection.execute("UPDATE rules SET raises_alert = false WHERE kind = 'overspeed'")
    store(tell("bus-1", way.drive(60, 30).fixes()))
    detect()
    assert read() == []
    assert connection.execute("SELECT kind FROM events").fetchall() == [("overspeed",)]


def test_a_geofence_may_raise_alerts_that_its_rule_does_not(
    now: datetime, ride: Any, store: Any, tell: Any, detect: Any, connection: psycopg.Connection
) -> None:
    for name, alert_on in (("quiet", "{}"), ("watched", "{leave}")):
        connection.execute(
            """
            INSERT INTO geofences (name, shape, geometry, radius_m, alert_on)
            VALUES (%s, 'circle', '{"type": "Point", "coordinates": [11, 48]}', 200, %s)
            """,
            (name, alert_on),
        )
    way = ride(start=now - timedelta(minutes=5)).stand(100).drive(60, 20)
    store(tell("bus-1", way.fixes()))
    detect()
    query = "SELECT kind, name FROM alerts JOIN geofences ON geofences.id = geofence_id"
    assert connection.execute(query).fetchall() == [("fence_leave", "watched")]
    assert connection.execute("SELECT count(*) FROM events WHERE kind = 'fence_leave'").fetchone() == (2,)


def test_what_takes_no_time_is_not_over_by_itself(
    now: datetime, ride: Any, store: Any, tell: Any, detect: Any, connection: psycopg.Connection
) -> None:
    connection.execute(
        """
        INSERT INTO geofences (name, shape, geometry, radius_m, alert_on, dwell_s)
        VALUES ('yard', 'circle', '{"type": "Point", "coordinates": [11, 48]}', 200, '{dwell}', 60)
        """
    )
    for report in tell("bus-1", ride(start=now - timedelta(minutes=5)).stand(100).fixes()):
        store([report])
        detect()
    assert connection.execute("SELECT kind, is_over FROM alerts").fetchall() == [("fence_dwell", False)]


def test_a_stop_says_how_long_the_engine_idled_in_it(
    ride: Any, store: Any, tell: Any, detect: Any, tables: Any
) -> None:
    way = ride(ignition=1).drive(600).stand(900).tell(ignition=0).stand(900)
    reports = tell("bus-1", way.fixes())
    for number in range(0, len(reports), 40):
        store(reports[number : number + 40])
        detect()
    (stop,) = tables()["stops"]
    assert stop["idle_s"] == pytest.approx(900, abs=30)


def test_the_row_of_what_stays_as_it_is_is_not_written_again(
    ride: Any, store: Any, tell: Any, detect: Any, connection: psycopg.Connection
) -> None:
    way = ride(ignition=0).stand(3600).tell(ignition=1).drive(600).tell(ignition=0).stand(3600)
    store(tell("bus-1", way.fixes()))
    detect()
    query = "SELECT xmin::text FROM trips UNION ALL SELECT xmin::text FROM events ORDER BY 1"
    before = connection.execute(query).fetchall()
    store(tell("bus-1", way.stand(600).fixes())[-60:])
    detect()
    assert len(before) == 3
    assert connection.execute(query).fetchall() == before
