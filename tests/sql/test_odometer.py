"""What trips make of an odometer: by which counter, from which reading on, whatever came first."""

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from sql.audit import Author
from sql.fleet import add_device
from sql.odometer import DoesNotFit, add_reading, advance_odometers
from sql.pool import connect

FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)
Drive = Callable[..., tuple[int, datetime]]
Stands = Callable[..., list[Any]]


def at(day: int, hour: float) -> datetime:
    """A moment of the month in which these tests play."""
    return FIRST_DAY + timedelta(days=day - 1, hours=hour)


@pytest.fixture
def bus(connection: psycopg.Connection) -> int:
    """A bus with a device in it; both have the id 1."""
    assert add_device(connection, "tracker", "bus 1") == 1
    return 1


def keep_trip(
    connection: psycopg.Connection,
    day: int,
    hour: float,
    km: float,
    counter_km: tuple[float, float] | None = None,
    device: int = 1,
    is_open: bool = False,
    hours: float = 1,
) -> tuple[int, datetime]:
    """A trip as detection keeps it: which one it is."""
    start, end = (None, None) if counter_km is None else (each * 1000 for each in counter_km)
    connection.execute(
        "INSERT INTO trips (device_id, started_at, ended_at, is_open, distance_m, moving_s, idle_s,"
        " start_latitude, start_longitude, end_latitude, end_longitude,"
        " start_odometer_m, end_odometer_m, fixes)"
        " VALUES (%s, %s, %s, %s, %s, 1, 0, 48, 11, 48, 11, %s, %s, 2)"
        " ON CONFLICT (device_id, started_at) DO UPDATE SET (is_open, ended_at, distance_m, start_odometer_m,"
        " end_odometer_m) = (excluded.is_open, excluded.ended_at, excluded.distance_m,"
        " excluded.start_odometer_m, excluded.end_odometer_m)",
        (device, at(day, hour), at(day, hour + hours), is_open, km * 1000, start, end),
    )
    return device, at(day, hour)


@pytest.fixture
def drive(connection: psycopg.Connection) -> Drive:
    """A trip is found, and the odometer follows."""

    def add(*trip: Any, **more: Any) -> tuple[int, datetime]:
        with connection.transaction():
            kept = keep_trip(connection, *trip, **more)
            advance_odometers(connection, [kept])
        return kept

    return add


@pytest.fixture
def enter(connection: psycopg.Connection) -> Callable[..., dict[str, Any]]:
    """Somebody enters a reading in kilometres."""

    def add(day: int, hour: float, km: float, vehicle: int = 1, **more: Any) -> dict[str, Any]:
        return add_reading(connection, Author(), vehicle, at(day, hour), km * 1000, **more)

    return add


@pytest.fixture
def stands(connection: psycopg.Connection) -> Stands:
    """The readings of a vehicle in order: day, hour, kilometres, source."""

    def read(vehicle: int = 1) -> list[Any]:
        rows = connection.execute(
            "SELECT read_at, odometer_m, source FROM odometer_readings WHERE vehicle_id = %s"
            " ORDER BY read_at, id",
            (vehicle,),
        ).fetchall()
        return [
            (when.day, (when - when.replace(hour=0, minute=0)).total_seconds() / 3600, metres / 1000, source)
            for when, metres, source in rows
        ]

    return read


def standing(connection: psycopg.Connection) -> Any:
    return connection.execute("SELECT odometer_m / 1000, version FROM vehicles WHERE id = 1").fetchone()


def test_trips_carry_an_entered_reading_on_one_reading_a_day(
    bus: int, drive: Drive, enter: Any, stands: Stands, connection: psycopg.Connection
) -> None:
    enter(1, 6, 500)
    for trip in ((1, 8, 10), (1, 16, 5.5), (3, 8, 20)):
        drive(*trip)
    assert stands() == [(1, 6, 500, "entered"), (1, 17, 515.5, "track"), (3, 9, 535.5, "track")]
    assert standing(connection) == (535.5, 1)


def test_a_distance_since_tracking_began_is_no_odometer(bus: int, drive: Drive, stands: Stands) -> None:
    drive(1, 8, 10)
    drive(2, 8, 10)
    assert stands() == []


def test_the_first_reading_of_a_device_is_where_it_begins_if_nobody_entered_one(
    bus: int, drive: Drive, stands: Stands
) -> None:
    drive(1, 8, 10)
    drive(2, 8, 10, (7_000, 7_010.2))
    drive(2, 12, 10, (7_010.2, 7_020.2))
    assert stands() == [(2, 13, 7_020.2, "device")]


def test_what_the_counter_gains_unseen_between_trips_counts(
    bus: int, drive: Drive, enter: Any, stands: Stands
) -> None:
    enter(1, 6, 500)
    drive(1, 8, 10, (100, 110.5))
    drive(1, 12, 10, (145, 154.5))
    assert stands()[1:] == [(1, 13, 554.5, "device")]


@pytest.mark.parametrize(
    ("counter", "stand", "source"),
    [
        ((110, 120), 520, "device"),
        ((110, 122.4), 522.4, "device"),
        ((110, 122.6), 520, "track"),
        ((110, 117.4), 520, "track"),
        ((0, 10), 520, "device"),
        ((110, 3), 520, "track"),
        ((-5, 5), 520, "track"),
        ((9_000_000, 9_000_010), 520, "device"),
        ((1e300, -1e300), 520, "track"),
        (None, 520, "track"),
    ],
)
def test_a_counter_counts_where_it_agrees_with_the_track(
    counter: Any, stand: float, source: str, bus: int, drive: Drive, enter: Any, stands: Stands
) -> None:
    enter(1, 6, 500)
    drive(1, 8, 10, (100, 110))
    drive(1, 12, 10, counter)
    assert stands()[1:] == [(1, 13, stand, source)]


def test_after_a_trip_by_the_track_the_source_stays_the_track_until_somebody_reads_it(
    bus: int, drive: Drive, enter: Any, stands: Stands
) -> None:
    enter(1, 6, 500)
    drive(1, 8, 10)
    drive(2, 8, 10, (100, 110))
    enter(3, 6, 521)
    drive(3, 8, 10, (110, 120))
    assert [source for *_, source in stands()] == ["entered", "track", "track", "entered", "device"]


def test_a_late_trip_moves_every_reading_after_it(
    bus: int, drive: Drive, enter: Any, stands: Stands, connection: psycopg.Connection
) -> None:
    enter(1, 6, 500)
    for day in (1, 3, 5):
        drive(day, 8, 10)
    drive(2, 8, 7)
    assert [row[2] for row in stands()] == [500, 510, 517, 527, 537]
    drive(1, 20, 1)
    assert [row[:3] for row in stands()[1:]] == [(1, 21, 511), (2, 9, 518), (3, 9, 528), (5, 9, 538)]
    assert standing(connection) == (538, 1)


def test_a_trip_that_is_gone_takes_its_reading_along(
    bus: int, drive: Drive, enter: Any, stands: Stands, connection: psycopg.Connection
) -> None:
    enter(1, 6, 500)
    drive(1, 8, 10)
    gone = drive(2, 8, 10)
    drive(3, 8, 10)
    connection.execute("DELETE FROM trips WHERE started_at = %s", (gone[1],))
    advance_odometers(connection, [gone])
    assert [row[:3] for row in stands()] == [(1, 6, 500), (1, 9, 510), (3, 9, 520)]


def test_without_its_first_device_reading_a_vehicle_begins_at_the_next(
    bus: int, drive: Drive, stands: Stands, connection: psycopg.Connection
) -> None:
    first = drive(1, 8, 10, (100, 110))
    drive(2, 8, 10, (150, 160))
    connection.execute("DELETE FROM trips WHERE started_at = %s", (first[1],))
    advance_odometers(connection, [first])
    assert stands() == [(2, 9, 160, "device")]


def test_a_trip_that_goes_on_waits_until_it_is_over(
    bus: int, drive: Drive, enter: Any, stands: Stands
) -> None:
    enter(1, 6, 500)
    drive(1, 8, 10, is_open=True)
    assert len(stands()) == 1
    drive(1, 8, 30)
    assert stands()[1:] == [(1, 9, 530, "track")]


def test_a_reading_entered_between_begins_anew(bus: int, drive: Drive, enter: Any, stands: Stands) -> None:
    enter(1, 6, 500)
    for day in (1, 2, 3, 4):
        drive(day, 8, 10)
    assert not enter(2, 20, 523)["is_correction"]
    assert [row[2] for row in stands()] == [500, 510, 520, 523, 533, 543]


def test_a_reading_on_the_way_leaves_the_rest_of_the_trip(
    bus: int, drive: Drive, enter: Any, stands: Stands
) -> None:
    enter(1, 6, 500)
    drive(1, 8, 10)
    enter(1, 8.75, 508)
    assert stands() == [(1, 6, 500, "entered"), (1, 8.75, 508, "entered"), (1, 9, 510.5, "track")]


def test_an_entered_reading_that_is_lower_than_what_was_derived_is_a_correction_by_itself(
    bus: int, drive: Drive, enter: Any, stands: Stands, connection: psycopg.Connection
) -> None:
    enter(1, 6, 500)
    drive(1, 8, 10)
    assert enter(2, 6, 509)["is_correction"]
    drive(2, 8, 10)
    assert [row[2] for row in stands()] == [500, 510, 509, 519]
    with pytest.raises(DoesNotFit, match="lower"):
        enter(3, 6, 508)
    assert enter(3, 6, 508, is_correction=True)["is_correction"]
    assert standing(connection) == (508, 1)


def test_what_was_derived_beyond_a_later_entered_reading_is_left_out(
    bus: int, drive: Drive, enter: Any, stands: Stands
) -> None:
    enter(1, 6, 500)
    drive(1, 8, 10)
    enter(4, 6, 515)
    drive(2, 8, 100)
    drive(5, 8, 10)
    assert [row[2] for row in stands()] == [500, 510, 515, 525]


def test_before_the_first_entered_reading_the_device_counts(
    bus: int, drive: Drive, enter: Any, stands: Stands
) -> None:
    for day in (1, 2, 3):
        drive(day, 8, 10, (100 + 10 * day, 110 + 10 * day))
    enter(2, 20, 80_000)
    assert [row[2] for row in stands()] == [120, 130, 80_000, 80_010]


def test_two_devices_after_each_other_count_each_for_itself(
    bus: int, drive: Drive, enter: Any, stands: Stands, connection: psycopg.Connection
) -> None:
    enter(1, 6, 500)
    connection.execute("INSERT INTO devices (uid) VALUES ('newer')")
    connection.execute("UPDATE device_installations SET during = tstzrange(NULL, %s)", (at(2, 0),))
    connection.execute("INSERT INTO device_installations VALUES (2, 1, tstzrange(%s, NULL))", (at(2, 0),))
    drive(1, 8, 10, (100, 110))
    drive(2, 8, 10, (99_000, 99_010), device=2)
    drive(3, 8, 10, (99_020, 99_030), device=2)
    drive(3, 8, 44, (200, 244))  # the old one, in a drawer
    assert [row[2:] for row in stands()] == [
        (500, "entered"),
        (510, "device"),
        (520, "device"),
        (540, "device"),
    ]


def test_what_a_device_counted_in_another_vehicle_is_not_made_up_for(
    bus: int, drive: Drive, enter: Any, stands: Stands, connection: psycopg.Connection
) -> None:
    enter(1, 6, 500)
    connection.execute("INSERT INTO vehicles (fleet_number) VALUES ('bus 2')")
    connection.execute("DELETE FROM device_installations")
    for vehicle, since, until in ((1, None, at(2, 0)), (2, at(2, 0), at(3, 0)), (1, at(3, 0), None)):
        connection.execute(
            "INSERT INTO device_installations VALUES (1, %s, tstzrange(%s, %s))", (vehicle, since, until)
        )
    for day in (1, 2, 3):
        drive(day, 8, 10, (100 + 20 * day, 110 + 20 * day))
    assert [row[2] for row in stands()] == [500, 510, 520]
    assert [row[2:] for row in stands(2)] == [(150, "device")]


def test_a_day_is_one_in_utc_and_a_trip_belongs_to_the_one_in_which_it_ends(
    bus: int, drive: Drive, enter: Any, stands: Stands
) -> None:
    enter(1, 6, 500)
    drive(1, 20, 10)
    drive(1, 23.5, 10)
    drive(2, 23, 10, hours=0.5)
    assert [row[:3] for row in stands()[1:]] == [(1, 21, 510), (2, 23.5, 530)]


def test_nothing_is_written_when_nothing_changed(
    bus: int, drive: Drive, enter: Any, connection: psycopg.Connection
) -> None:
    enter(1, 6, 500)
    trips = [drive(day, 8, 10 / 3, (day * 4, day * 4 + 3.3)) for day in range(1, 20)]

    def written() -> list[Any]:
        return connection.execute(
            "SELECT 'vehicle', xmin::text, ctid::text FROM vehicles UNION ALL"
            " SELECT id::text, xmin::text, ctid::text FROM odometer_readings ORDER BY 1"
        ).fetchall()

    before = written()
    advance_odometers(connection, trips)
    advance_odometers(connection, trips[7:8])
    advance_odometers(connection, [])
    assert written() == before
    drive(10, 8, 5, (40, 45))
    changed = [row for row in written() if row not in before]
    assert len(changed) == 1 + 10  # the vehicle, and each day from then on


@pytest.mark.parametrize("seed", range(4))
def test_the_readings_follow_from_trips_and_entered_readings_alone(
    seed: int, bus: int, drive: Drive, enter: Any, stands: Stands, connection: psycopg.Connection
) -> None:
    rng = random.Random(seed)
    counter, trips = rng.choice((0.0, 123_456.7)), []
    for day in range(1, 25):
        for hour in rng.sample(range(24), rng.randrange(4)):
            trips.append((day, hour))
    told = []
    for day, hour in sorted(trips):
        km = round(rng.uniform(0.2, 60), 4)
        counter += rng.choice((0, 0, 0.7, 12.3456, 3_000))
        start, counter = counter, counter + km * rng.choice((1, 1.01, 0.95, 1.5))
        if rng.random() < 0.1:
            counter = 0.0
        told.append((day, hour, km, (start, counter) if rng.random() < 0.8 else None))
    if seed:
        enter(5, 8.3, 40_000)
        enter(12, 17.6, 40_001 if seed % 2 else 60_000, is_correction=True)
        enter(15, 7, 62_000)
    connection.execute("CREATE TEMPORARY TABLE entered AS SELECT * FROM odometer_readings")
    for trip in rng.sample(told, len(told)):
        drive(*trip[:2], trip[2] / 2, is_open=rng.random() < 0.5)
        drive(*trip)
    found = stands()
    connection.execute("DELETE FROM odometer_readings WHERE source IN ('device', 'track')")
    advance_odometers(connection, [(1, at(1, 0))])
    assert stands() == found
    assert len(found) > 10
    for before, after in pairwise(found):
        assert after[2] >= before[2] or after[3] == "entered"


def test_two_runners_side_by_side_wait_for_each_other_and_both_count(
    bus: int, enter: Any, stands: Stands, connection: psycopg.Connection, database_url: str
) -> None:
    add_device(connection, "other", "bus 2")
    connection.execute("INSERT INTO devices (uid) VALUES ('old 1'), ('old 2')")
    for device, vehicle in ((3, 1), (4, 2)):
        connection.execute(
            "INSERT INTO device_installations VALUES (%s, %s, tstzrange(NULL, NULL))", (device, vehicle)
        )
    enter(1, 6, 500)
    enter(1, 6, 900, vehicle=2)
    ready = threading.Barrier(2, timeout=60)

    def run(devices: tuple[int, int]) -> None:
        with connect(database_url, "runner", autocommit=True) as own:
            for day in range(1, 29):
                ready.wait()
                with own.transaction():
                    hour = 8 if devices[0] < 3 else 12
                    advance_odometers(own, [keep_trip(own, day, hour, 1, device=each) for each in devices])

    runners = [threading.Thread(target=run, args=(devices,)) for devices in ((1, 2), (4, 3))]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    for vehicle, start in ((1, 500), (2, 900)):
        assert [row[2] for row in stands(vehicle)] == [start, *(start + 2 * day for day in range(1, 29))]


def test_a_runner_and_a_person_at_once_leave_what_both_say(
    bus: int, drive: Drive, enter: Any, stands: Stands, database_url: str
) -> None:
    enter(1, 6, 500)
    drive(1, 8, 10)
    with connect(database_url, "runner", autocommit=True) as own, own.transaction():
        advance_odometers(own, [keep_trip(own, 3, 8, 10)])
        person = threading.Thread(target=enter, args=(2, 6, 513))
        person.start()
        person.join(0.2)
        assert person.is_alive()
    person.join()
    assert [row[2] for row in stands()] == [500, 510, 513, 523]
