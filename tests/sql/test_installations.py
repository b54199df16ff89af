"""Which vehicle a device sat in when, and what that makes of a driver's whereabouts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from devices.position import Position
from sql.assignments import Assignments
from sql.batches import Batch, Message, Received
from sql.fleet import add_device
from sql.positions import PositionStore

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)


@pytest.fixture
def report(connection: psycopg.Connection) -> Callable[[str, datetime], None]:
    """Store a fix the way ingest does."""
    store = PositionStore(connection)

    def send(uid: str, fix_time: datetime) -> None:
        message = Message("test", f"fleet/{uid}/position", b"", NOW)
        received = Received(uid, Position(None, fix_time, 48.1, 11.5), message)
        assert store.store(Batch([received]))["test"].stored == 1

    return send


def list_stays(connection: psycopg.Connection) -> list[Any]:
    return connection.execute(
        "SELECT uid, fleet_number, lower(during), upper(during) FROM device_installations AS stay"
        " JOIN devices ON devices.id = device_id JOIN vehicles ON vehicles.id = stay.vehicle_id"
        " ORDER BY lower(during) NULLS FIRST"
    ).fetchall()


def move(connection: psycopg.Connection, uid: str, number: str | None) -> datetime:
    """Put a device into another vehicle; when that was."""
    row = connection.execute(
        "UPDATE devices SET vehicle_id = (SELECT id FROM vehicles WHERE fleet_number = %s)"
        " WHERE uid = %s RETURNING now()",
        (number, uid),
    ).fetchone()
    assert row
    moved: datetime = row[0]
    return moved


def put_back(connection: psycopg.Connection, moved_at: datetime, to: datetime) -> None:
    """Let a move have happened earlier than the test makes it."""
    for ends, side in (
        ("lower(during), %(to)s", "upper"),
        ("%(to)s, upper(during)", "lower"),
    ):
        connection.execute(
            f"UPDATE device_installations SET during = tstzrange({ends}) WHERE {side}(during) = %(at)s",
            {"at": moved_at, "to": to},
        )


def list_driven(connection: psycopg.Connection, driver_id: int) -> list[datetime]:
    rows = connection.execute(
        "SELECT fix_time FROM driver_locations WHERE driver_id = %s ORDER BY fix_time", (driver_id,)
    ).fetchall()
    return [row[0] for row in rows]


def test_the_first_installation_reaches_back_to_always(connection: psycopg.Connection) -> None:
    add_device(connection, "unit-1", "12")
    assert list_stays(connection) == [("unit-1", "12", None, None)]


def test_a_device_that_was_first_in_no_vehicle_is_in_its_first_one_since_always(
    connection: psycopg.Connection, add_vehicle: Callable[[str], int]
) -> None:
    add_device(connection, "unit-1", None)
    add_vehicle("12")
    move(connection, "unit-1", "12")
    assert list_stays(connection) == [("unit-1", "12", None, None)]


def test_a_move_cuts_at_now(connection: psycopg.Connection, add_vehicle: Callable[[str], int]) -> None:
    add_device(connection, "unit-1", "12")
    add_vehicle("13")
    moved_at = move(connection, "unit-1", "13")
    assert list_stays(connection) == [("unit-1", "12", None, moved_at), ("unit-1", "13", moved_at, None)]


def test_out_of_all_vehicles_and_back_leaves_a_gap(connection: psycopg.Connection) -> None:
    add_device(connection, "unit-1", "12")
    out = move(connection, "unit-1", None)
    back = move(connection, "unit-1", "12")
    assert list_stays(connection) == [("unit-1", "12", None, out), ("unit-1", "12", back, None)]


def test_two_moves_in_one_transaction_are_one(
    connection: psycopg.Connection, add_vehicle: Callable[[str], int]
) -> None:
    add_device(connection, "unit-1", "12")
    for number in ("13", "14"):
        add_vehicle(number)
    with connection.transaction():
        move(connection, "unit-1", "13")
        moved_at = move(connection, "unit-1", "14")
    assert list_stays(connection) == [("unit-1", "12", None, moved_at), ("unit-1", "14", moved_at, None)]


def test_ingest_hears_of_a_move(connection: psycopg.Connection, add_vehicle: Callable[[str], int]) -> None:
    add_device(connection, "unit-1", "12")
    add_vehicle("13")
    connection.execute("LISTEN device_changed")
    move(connection, "unit-1", "13")
    assert [notify.payload for notify in connection.notifies(timeout=5, stop_after=1)] == ["unit-1"]


def test_a_driver_is_seen_only_while_driving_in_the_vehicle_where_the_device_sat_then(
    connection: psycopg.Connection,
    add_vehicle: Callable[[str], int],
    add_driver: Callable[[str], int],
    assignments: Assignments,
    report: Callable[[str, datetime], None],
) -> None:
    add_device(connection, "unit-1", "12")
    new_bus, ana, ben = add_vehicle("13"), add_driver("Ana"), add_driver("Ben")
    row = connection.execute("SELECT id FROM vehicles WHERE fleet_number = '12'").fetchone()
    assert row
    for driver, vehicle, start, end in ((ana, row[0], -9, -6), (ben, new_bus, -9, None)):
        assignments.add(
            {
                "vehicle_id": vehicle,
                "driver_id": driver,
                "starts_at": NOW + start * HOUR,
                "ends_at": NOW + end * HOUR if end else None,
                "notes": "",
            }
        )
    put_back(connection, move(connection, "unit-1", "13"), NOW - 4 * HOUR)
    for hours in (10, 9, 7, 6, 5, 4, 1):
        report("unit-1", NOW - hours * HOUR)
    assert list_driven(connection, ana) == [NOW - 9 * HOUR, NOW - 7 * HOUR]
    assert list_driven(connection, ben) == [NOW - 4 * HOUR, NOW - HOUR]
    # Late data lands where device and driver were then, not where they are now.
    report("unit-1", NOW - 8 * HOUR)
    assert list_driven(connection, ana) == [NOW - hours * HOUR for hours in (9, 8, 7)]
    assert list_driven(connection, ben) == [NOW - 4 * HOUR, NOW - HOUR]
