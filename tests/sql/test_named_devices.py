"""Which device a file means by a uid or a fleet number, at a fix's moment and within somebody's reach."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from sql.fleet import add_device, disable_device
from sql.named_devices import find_devices, find_devices_of_vehicles

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture
def depots(connection: psycopg.Connection) -> list[int]:
    """North and south; vehicle N is in the north and vehicle S in the south."""
    ids = []
    for name, number in (("north", "N"), ("south", "S")):
        row = connection.execute("INSERT INTO depots (name) VALUES (%s) RETURNING id", (name,)).fetchone()
        assert row
        ids.append(int(row[0]))
        connection.execute("INSERT INTO vehicles (fleet_number, depot_id) VALUES (%s, %s)", (number, ids[-1]))
    return ids


@pytest.fixture
def move(connection: psycopg.Connection) -> Callable[[str, str | None, int], None]:
    """Puts a device into another vehicle, or none, some days ago."""

    def put(uid: str, number: str | None, days_ago: int) -> None:
        connection.execute(
            "UPDATE devices SET vehicle_id = (SELECT id FROM vehicles WHERE fleet_number = %s)"
            " WHERE uid = %s",
            (number, uid),
        )
        for ends, side in (("lower(during), %(to)s", "upper"), ("%(to)s, upper(during)", "lower")):
            connection.execute(
                f"UPDATE device_installations SET during = tstzrange({ends}) WHERE {side}(during) > %(at)s",
                {"at": NOW, "to": NOW - days_ago * DAY},
            )

    return put


def test_a_device_is_found_by_its_uid_and_an_unknown_one_is_not(
    connection: psycopg.Connection, depots: list[int]
) -> None:
    id = add_device(connection, "box-1", "N")
    found = find_devices(connection, ["box-1", "stranger", "nul\0", "box-1"], None)
    assert list(found) == ["box-1"]
    assert found["box-1"].find(NOW) == id
    assert find_devices(connection, [], None) == {}


def test_a_disabled_device_is_told_from_one_beyond_reach(
    connection: psycopg.Connection, depots: list[int]
) -> None:
    north = add_device(connection, "box-1", "N")
    add_device(connection, "box-2", "S")
    add_device(connection, "loose", None)
    add_device(connection, "dumb", None)
    disable_device(connection, "dumb")
    found = find_devices(connection, ["box-1", "box-2", "loose", "dumb"], depots[:1])
    assert {uid: device.find(NOW) for uid, device in found.items()} == {
        "box-1": north,
        "box-2": "beyond reach",
        "loose": "beyond reach",
        "dumb": "disabled",
    }
    assert find_devices(connection, ["loose"], None)["loose"].find(NOW) == found["loose"].id


def test_a_fix_is_within_reach_with_the_vehicle_that_its_device_was_in_then(
    connection: psycopg.Connection, depots: list[int], move: Callable[[str, str | None, int], None]
) -> None:
    id = add_device(connection, "box-1", "N")
    move("box-1", "S", 10)
    device = find_devices(connection, ["box-1"], depots[:1])["box-1"]
    assert [device.find(NOW - days * DAY) for days in (300, 11, 9, 0)] == [id, id, *["beyond reach"] * 2]
    device = find_devices(connection, ["box-1"], depots[1:])["box-1"]
    assert [device.find(NOW - days * DAY) for days in (11, 9)] == ["beyond reach", id]


def test_a_vehicle_means_the_device_that_was_in_it_then(
    connection: psycopg.Connection, depots: list[int], move: Callable[[str, str | None, int], None]
) -> None:
    first = add_device(connection, "box-1", "N")
    move("box-1", None, 20)
    second = add_device(connection, "box-2", "N")
    move("box-2", "S", 5)
    found = find_devices_of_vehicles(connection, ["N", "S", "X"], None)
    assert set(found) == {"N", "S"}
    assert [found["N"].find(NOW - days * DAY) for days in (300, 21, 19, 6, 4)] == [
        *[first] * 2,
        *[second] * 2,
        "no device",
    ]
    assert [found["S"].find(NOW - days * DAY) for days in (6, 4)] == ["no device", second]


def test_a_vehicle_without_any_device_beyond_reach_or_with_a_disabled_one_brings_none(
    connection: psycopg.Connection, depots: list[int]
) -> None:
    add_device(connection, "dumb", "N")
    disable_device(connection, "dumb")
    found = find_devices_of_vehicles(connection, ["N", "S"], None)
    assert (found["N"].find(NOW), found["S"].find(NOW)) == ("disabled", "no device")
    assert find_devices_of_vehicles(connection, ["N"], depots[1:])["N"].find(NOW) == "beyond reach"
