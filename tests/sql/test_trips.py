"""What detection found, read by vehicle, driver, depot and time; and how a long track is thinned."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
import pytest

from sql.drawn_tracks import read_track, thin
from sql.fleet import add_device
from sql.trips import (
    Matching,
    count_events,
    count_stops,
    find_trip,
    list_days,
    list_events,
    list_positions,
    list_stops,
    list_trips,
    sum_trips,
)

DAY = datetime(2026, 3, 2, tzinfo=UTC)
NEXT_DAY = DAY + timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def drive(connection: psycopg.Connection) -> Callable[..., datetime]:
    """A trip of half an hour and the stop after it; when it began."""

    def add(device_id: int, started_at: datetime, **other: Any) -> datetime:
        ended_at = started_at + HOUR / 2
        trip = {"distance_m": 12_000, "moving_s": 1500, "idle_s": 300, "is_open": False} | other
        connection.execute(
            "INSERT INTO trips (device_id, started_at, ended_at, is_open, distance_m, moving_s, idle_s,"
            " top_speed_mps, mean_speed_mps, start_latitude, start_longitude, end_latitude, end_longitude,"
            " fuel_used_l, fixes)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, 15, 8, 48.1, 11.5, 48.2, 11.6, 4, 1800)",
            (
                device_id,
                started_at,
                ended_at,
                *(trip[n] for n in ("is_open", "distance_m", "moving_s", "idle_s")),
            ),
        )
        connection.execute(
            "INSERT INTO stops VALUES (%s, %s, %s, false, 60, 48.2, 11.6)",
            (device_id, ended_at, ended_at + HOUR / 2),
        )
        return started_at

    return add


@pytest.fixture
def happen(connection: psycopg.Connection) -> Callable[..., None]:
    """An event that takes no time."""

    def add(device_id: int, at: datetime, kind: str, geofence_id: int = 0) -> None:
        connection.execute(
            "INSERT INTO events (device_id, started_at, kind, geofence_id, ended_at, latitude,"
            " longitude, fixes) VALUES (%s, %s, %s, %s, %s, 48.15, 11.55, '[]')",
            (device_id, at, kind, geofence_id, at),
        )

    return add


@pytest.fixture
def assign(connection: psycopg.Connection, add_driver: Callable[[str], int]) -> Callable[..., int]:
    """A driver of this name on the vehicle of a device, from one moment to another; their id."""

    def add(name: str, device_id: int, starts_at: datetime, ends_at: datetime | None) -> int:
        id = add_driver(name)
        connection.execute(
            "INSERT INTO driver_assignments (vehicle_id, driver_id, during)"
            " SELECT vehicle_id, %s, tstzrange(%s, %s) FROM devices WHERE id = %s",
            (id, starts_at, ends_at, device_id),
        )
        return id

    return add


def on(day: datetime = DAY, **asked: Any) -> Matching:
    return Matching(day, day + timedelta(days=1), **asked)


def find_vehicle(connection: psycopg.Connection, device_id: int) -> int:
    row = connection.execute("SELECT vehicle_id FROM devices WHERE id = %s", (device_id,)).fetchone()
    assert row
    return int(row[0])


def test_the_trips_of_a_day_come_newest_first_with_vehicle_driver_and_stop(
    connection: psycopg.Connection, drive: Callable[..., datetime], assign: Callable[..., int]
) -> None:
    one, other = add_device(connection, "one", "12"), add_device(connection, "other", "13")
    drive(one, DAY + 7 * HOUR)
    drive(other, DAY + 8 * HOUR)
    drive(one, DAY - HOUR)
    assign("Ana O'Hara", one, DAY, NEXT_DAY)
    rows = list_trips(connection, on(names_drivers=True), None, 10)
    assert [(row["vehicle"], row["driver"]) for row in rows] == [("13", None), ("12", "Ana O'Hara")]
    assert rows[1]["stop_started_at"] == DAY + 7.5 * HOUR
    assert rows[1]["stop_ended_at"] == DAY + 8 * HOUR


def test_the_page_after_begins_where_the_one_before_ended(
    connection: psycopg.Connection, drive: Callable[..., datetime]
) -> None:
    devices = [add_device(connection, f"d{n}", f"{n}") for n in range(3)]
    for device_id in devices:  # all three at the same moments
        for hour in (6, 7):
            drive(device_id, DAY + hour * HOUR)
    seen, after = [], None
    while rows := list_trips(connection, on(), after, 2):
        seen += rows
        after = rows[-1]["started_at"], rows[-1]["device_id"]
    keys = [(row["started_at"], row["device_id"]) for row in seen]
    assert keys == sorted(keys, reverse=True)
    assert len(set(keys)) == 6 == sum_trips(connection, on())["trips"]


def test_a_vehicle_has_what_its_devices_did_while_they_were_in_it(
    connection: psycopg.Connection, drive: Callable[..., datetime]
) -> None:
    device = add_device(connection, "one", "12")
    old = find_vehicle(connection, device)
    now = datetime.now(UTC)
    drive(device, now - 3 * HOUR)
    new = connection.execute("INSERT INTO vehicles (fleet_number) VALUES ('99') RETURNING id").fetchone()
    assert new
    connection.execute("UPDATE devices SET vehicle_id = %s WHERE id = %s", (new[0], device))
    drive(device, now + HOUR)
    around = {"since": now - 9 * HOUR, "until": now + 9 * HOUR}
    before, after = (list_trips(connection, Matching(**around, vehicle_id=v), None, 9) for v in (old, new[0]))
    assert [row["vehicle"] for row in before] == ["12"]
    assert [row["vehicle"] for row in after] == ["99"]
    found = find_trip(connection, Matching(**around), device, before[0]["started_at"])
    assert found
    assert found["next_at"] is None


def test_a_driver_has_only_what_began_in_their_assignments(
    connection: psycopg.Connection,
    drive: Callable[..., datetime],
    happen: Callable[..., None],
    assign: Callable[..., int],
) -> None:
    device = add_device(connection, "one", "12")
    for hour in (5, 7, 12):
        drive(device, DAY + hour * HOUR)
        happen(device, DAY + hour * HOUR, "overspeed")
    ana = assign("Ana", device, DAY + 6 * HOUR, DAY + 12 * HOUR)
    hers = on(driver_id=ana)
    assert [row["started_at"] for row in list_trips(connection, hers, None, 9)] == [DAY + 7 * HOUR]
    assert [row["started_at"] for row in list_stops(connection, hers, None, 9)] == [DAY + 7.5 * HOUR]
    assert [row["started_at"] for row in list_events(connection, hers, None, 9)] == [DAY + 7 * HOUR]
    assert (sum_trips(connection, hers)["trips"], count_stops(connection, hers)) == (1, 1)


def test_who_drove_is_told_only_to_who_may_know(
    connection: psycopg.Connection, drive: Callable[..., datetime], assign: Callable[..., int]
) -> None:
    device = add_device(connection, "one", "12")
    drive(device, DAY + 7 * HOUR)
    assign("Ana", device, DAY, None)
    assert [row["driver"] for row in list_trips(connection, on(), None, 9)] == [None]
    assert [row["driver_id"] for row in list_stops(connection, on(), None, 9)] == [None]


def test_nothing_beyond_reach_is_found(
    connection: psycopg.Connection,
    drive: Callable[..., datetime],
    happen: Callable[..., None],
    assign: Callable[..., int],
) -> None:
    device, elsewhere = add_device(connection, "one", "12"), add_device(connection, "other", "13")
    depots = connection.execute("INSERT INTO depots (name) VALUES ('N'), ('S') RETURNING id").fetchall()
    for depot, number in zip(depots, ("12", "13"), strict=True):
        connection.execute("UPDATE vehicles SET depot_id = %s WHERE fleet_number = %s", (depot[0], number))
    for one in (device, elsewhere):
        drive(one, DAY + 7 * HOUR)
        happen(one, DAY + 7 * HOUR, "sos")
    assign("Of the other depot", device, DAY, None)
    reach = on(depot_ids=[depots[0][0]], names_drivers=True)
    assert [(row["vehicle"], row["driver"]) for row in list_trips(connection, reach, None, 9)] == [
        ("12", None)
    ]
    assert [row["vehicle"] for row in list_events(connection, reach, None, 9)] == ["12"]
    assert sum_trips(connection, reach)["trips"] == 1 == count_stops(connection, reach)
    assert count_events(connection, reach) == {"sos": 1}
    assert find_trip(connection, reach, elsewhere, DAY + 7 * HOUR) is None
    assert find_trip(connection, reach, device, DAY + 7 * HOUR) is not None
    assert list_trips(connection, on(depot_ids=[]), None, 9) == []


def test_a_device_in_no_vehicle_is_shown_by_its_name_to_who_reaches_the_fleet(
    connection: psycopg.Connection, drive: Callable[..., datetime]
) -> None:
    device = add_device(connection, "lone", None)
    drive(device, DAY + HOUR)
    assert [row["vehicle"] for row in list_trips(connection, on(), None, 9)] == ["lone"]
    assert find_trip(connection, on(), device, DAY + HOUR) is not None
    assert list_trips(connection, on(depot_ids=[1]), None, 9) == []


def test_events_are_found_by_kind_and_lead_to_their_trip(
    connection: psycopg.Connection, drive: Callable[..., datetime], happen: Callable[..., None]
) -> None:
    device = add_device(connection, "one", "12")
    began = drive(device, DAY + 7 * HOUR)
    happen(device, began + HOUR / 4, "overspeed")
    happen(device, began + HOUR / 4, "harsh_braking")
    happen(device, began + HOUR, "power_cut")
    happen(device, DAY, "sos")
    assert count_events(connection, on()) == {"harsh_braking": 1, "overspeed": 1, "power_cut": 1, "sos": 1}
    rows = list_events(connection, on(), None, 9)
    assert [(row["kind"], row["trip_started_at"]) for row in rows] == [
        ("power_cut", began),
        ("overspeed", began),
        ("harsh_braking", began),
        ("sos", None),
    ]
    first = list_events(connection, on(kinds=["overspeed", "sos"]), None, 1)[0]
    key = tuple(first[name] for name in ("started_at", "device_id", "kind", "geofence_id"))
    rest = list_events(connection, on(kinds=["overspeed", "sos"]), key, 9)  # type: ignore[arg-type]
    assert [first["kind"], *(row["kind"] for row in rest)] == ["overspeed", "sos"]


def test_a_trip_ends_at_the_depot_or_geofence_that_it_came_to(
    connection: psycopg.Connection, drive: Callable[..., datetime]
) -> None:
    device = add_device(connection, "one", "12")
    drive(device, DAY)
    connection.execute("INSERT INTO depots (name, latitude, longitude) VALUES ('North yard', 48.1005, 11.5)")
    connection.execute(
        "INSERT INTO geofences (name, shape, geometry, radius_m) VALUES"
        """ ('School', 'circle', '{"type": "Point", "coordinates": [11.6, 48.2]}', 100)"""
    )
    connection.execute("INSERT INTO geofence_visits VALUES (%s, 1, %s, NULL)", (device, DAY + HOUR / 4))
    row = list_trips(connection, on(), None, 1)[0]
    assert (row["start_place"]["name"], row["end_place"]["name"]) == ("North yard", "School")


def test_days_are_those_of_a_time_zone_and_of_the_vehicle_or_driver(
    connection: psycopg.Connection,
    drive: Callable[..., datetime],
    happen: Callable[..., None],
    assign: Callable[..., int],
) -> None:
    device = add_device(connection, "one", "12")
    for hour in (1, 6, 8):  # the first is still yesterday in New York
        drive(device, DAY + hour * HOUR)
    happen(device, DAY + 6 * HOUR, "idling")
    vehicle_id = find_vehicle(connection, device)
    days = list_days(connection, on(vehicle_id=vehicle_id), "America/New_York")
    assert [(day["day"].day, day["trips"], day["distance_m"], day["events"]) for day in days] == [
        (2, 2, 24_000, {"idling": 1}),
        (1, 1, 12_000, {}),
    ]
    ana = assign("Ana", device, DAY + 7 * HOUR, None)
    mine = list_days(connection, on(driver_id=ana), "UTC")
    assert [(day["owner_id"], day["trips"], day["stops"]) for day in mine] == [(ana, 1, 1)]


def test_a_month_of_one_vehicle_or_driver_is_found_without_reading_the_fleets(
    connection: psycopg.Connection, assign: Callable[..., int]
) -> None:
    connection.execute("INSERT INTO vehicles (fleet_number) SELECT g FROM generate_series(1, 200) AS g")
    connection.execute("INSERT INTO devices (uid, vehicle_id) SELECT id, id FROM vehicles")
    connection.execute(
        "INSERT INTO trips (device_id, started_at, ended_at, is_open, distance_m, moving_s, idle_s,"
        " start_latitude, start_longitude, end_latitude, end_longitude, fixes)"
        " SELECT d, at, at + interval '1 hour', false, 1, 1, 1, 1, 1, 1, 1, 1"
        " FROM generate_series(1, 200) AS d,"
        " generate_series(timestamptz '2026-01-01', '2026-02-07', '3 hours') AS at"
    )
    connection.execute("INSERT INTO stops SELECT device_id, ended_at, ended_at, false, 1, 1, 1 FROM trips")
    connection.execute(
        "INSERT INTO events SELECT device_id, ended_at, 'idling', 0, ended_at, 1, 1, NULL, NULL, '', '[]'"
        " FROM trips"
    )
    ana = assign("Ana", 7, datetime(2026, 1, 2, tzinfo=UTC), None)
    connection.execute("VACUUM ANALYZE")
    before = count_scans(connection)
    month = {"since": datetime(2026, 1, 1, tzinfo=UTC), "until": datetime(2026, 2, 1, tzinfo=UTC)}
    for asked in (
        Matching(**month, vehicle_id=7),
        Matching(**month, driver_id=ana),
        Matching(**month, device_id=7),
    ):
        for _ in range(7):  # often enough for a plan to be kept
            assert len(list_trips(connection, asked, None, 50)) == 50
            assert len(list_stops(connection, asked, None, 50)) == 50
            assert len(list_events(connection, asked, None, 50)) == 50
        assert sum_trips(connection, asked)["trips"] > 200
        assert count_stops(connection, asked) > 200
        assert count_events(connection, asked)["idling"] > 200
        if asked.device_id is None:
            assert list_days(connection, asked, "Europe/Berlin")
    fleet = Matching(month["until"] - HOUR * 4, month["until"])
    assert len(list_trips(connection, fleet, None, 50)) == 50
    assert len(list_events(connection, fleet, None, 50)) == 50
    assert count_scans(connection) == before
    connection.execute("SELECT count(*) FROM trips WHERE fixes < 0")
    assert count_scans(connection)["trips"] > before["trips"]  # so that it would have been seen


def count_scans(connection: psycopg.Connection) -> dict[str, int]:
    """How often the whole of each table was read."""
    connection.execute("SELECT pg_stat_force_next_flush()")
    query = "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname IN ('trips', 'stops', 'events')"
    return dict(connection.execute(query).fetchall())


def test_positions_are_paged_and_belong_to_the_vehicle_of_their_time(connection: psycopg.Connection) -> None:
    device, other = add_device(connection, "one", "12"), add_device(connection, "other", "13")
    connection.execute(
        "INSERT INTO positions (device_id, fix_time, received_at, latitude, longitude)"
        " SELECT d, %s + g * interval '1 hour', now(), 48, 11"
        " FROM generate_series(-2, 30) AS g, unnest(%s::integer[]) AS d",
        (DAY, [device, other]),
    )
    asked = on(vehicle_id=find_vehicle(connection, device))
    rows, total = list_positions(connection, asked, None, 20)
    assert total == 24
    rest, _ = list_positions(connection, asked, (rows[-1]["fix_time"], device), 20)
    times = [row["fix_time"] for row in rows + rest]
    assert times == [DAY + n * HOUR for n in range(24)]


def test_a_long_track_keeps_its_shape_and_its_speeds_in_few_points() -> None:
    count = 100_000
    along = np.linspace(0, 1, count)
    latitudes = 48 + 0.1 * along
    longitudes = 11 + np.where(along < 0.5, 0, 0.1 * (along - 0.5))
    speeds = np.full(count, 15.0)
    speeds[70_000:70_020] = 0.0  # a light on the straight
    kept = thin(latitudes, longitudes, speeds, 2000)
    assert len(kept) == 2000
    assert list(kept) == sorted(set(kept))
    assert (kept[0], kept[-1]) == (0, count - 1)
    few = thin(latitudes, longitudes, speeds, 8)
    assert any(abs(one - count / 2) < 50 for one in few)
    assert speeds[few].min() == 0


def test_a_track_without_speeds_or_across_the_date_line_can_be_drawn(connection: psycopg.Connection) -> None:
    device = add_device(connection, "one", "12")
    connection.execute(
        "INSERT INTO positions (device_id, fix_time, received_at, latitude, longitude)"
        " SELECT %s, %s + g * interval '1 second', now(), 0, CASE WHEN g < 5 THEN 179.9 ELSE -179.9 END"
        " FROM generate_series(0, 9) AS g",
        (device, DAY),
    )
    track = read_track(connection, device, DAY, NEXT_DAY, 4)
    assert track.fixes == 10
    assert np.allclose(sorted(set(track.longitudes)), [179.9, 180.1])
    assert np.isnan(track.speeds_mps).all()
    empty = read_track(connection, device, NEXT_DAY, NEXT_DAY)
    assert (len(empty.times), empty.fixes) == (0, 0)
