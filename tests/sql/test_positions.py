"""Storing batches in the real TimescaleDB: repetitions, bad rows, late fixes, two writers at once."""

import math
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from devices.position import Position
from sql.batches import Batch, Message, Received, Refused, Tally
from sql.fleet import add_device, adopt_devices, disable_device
from sql.pool import connect
from sql.positions import PositionStore

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def received(uid: str, second: float = 0, source: str = "mqtt", **fields: Any) -> Received:
    fix_time = NOON + timedelta(seconds=second)
    position = Position(None, fix_time, fields.pop("latitude", 48.1), fields.pop("longitude", 11.5), **fields)
    return Received(uid, position, Message(source, f"fleet/{uid}/position", b"as it came", NOON))


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with connect(database_url, "test", autocommit=True) as connection:
        adopt_devices(connection, [f"bus-{number}" for number in range(20)])
        yield connection


@pytest.fixture
def store(connection: psycopg.Connection) -> PositionStore:
    return PositionStore(connection)


def scalar(connection: psycopg.Connection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_every_value_comes_back_as_it_went_in(store: PositionStore, connection: psycopg.Connection) -> None:
    full = received(
        "bus-1",
        0.123456,
        latitude=-33.679553333333,
        longitude=151.290796666667,
        speed_mps=13.5,
        course=359.25,
        altitude_m=-12.5,
        accuracy_m=2.5,
        satellites=11,
        attributes={"driver_key": "O'Brien", "temperature_c": -4.5, "name": "حافلة", "doors": [1, None]},
    )
    store.store(Batch([full, received("bus-2", 1)]))
    columns = (
        "fix_time, latitude, longitude, speed_mps, course, altitude_m, accuracy_m, satellites, attributes"
    )
    rows = connection.execute(f"SELECT {columns} FROM positions ORDER BY fix_time").fetchall()
    assert rows[0] == (NOON + timedelta(seconds=0.123456), *full.position[2:9], full.position.attributes)
    assert rows[1] == (NOON + timedelta(seconds=1), 48.1, 11.5, None, None, None, None, None, None)


def test_repetitions_are_counted_and_stored_once(
    store: PositionStore, connection: psycopg.Connection
) -> None:
    batch = Batch([received("bus-1", second) for second in (0, 1, 1, 2)])
    assert store.store(batch)["mqtt"] == Tally(stored=3, duplicate=1)
    assert store.store(batch)["mqtt"] == Tally(stored=0, duplicate=4)
    mixed = Batch([received("bus-1", second) for second in (2, 3)])
    assert store.store(mixed)["mqtt"] == Tally(stored=1, duplicate=1)
    assert scalar(connection, "SELECT count(*) FROM positions") == 4
    ledger = connection.execute(
        "SELECT sum(received), sum(stored), sum(duplicate) FROM ingest_ledger"
    ).fetchone()
    assert ledger == (10, 4, 6)


def test_repetitions_are_counted_by_device_and_day(
    store: PositionStore, connection: psycopg.Connection
) -> None:
    tomorrow = 24 * 3600
    store.store(Batch([received("bus-1"), received("bus-1"), received("bus-2")]))
    store.store(Batch([received("bus-1"), received("bus-2"), received("bus-2", tomorrow)]))
    store.store(Batch([received("bus-2", tomorrow), received("bus-2", 5)]))
    query = """SELECT uid, day - DATE '2026-03-02', count
        FROM device_duplicates JOIN devices ON devices.id = device_id ORDER BY 1, 2"""
    assert connection.execute(query).fetchall() == [("bus-1", 0, 2), ("bus-2", 0, 1), ("bus-2", 1, 1)]


def test_of_two_fixes_of_one_moment_the_first_stays(
    store: PositionStore, connection: psycopg.Connection
) -> None:
    store.store(Batch([received("bus-1", latitude=1.0), received("bus-1", latitude=2.0)]))
    store.store(Batch([received("bus-1", latitude=3.0)]))
    assert scalar(connection, "SELECT latitude FROM positions") == 1.0
    assert scalar(connection, "SELECT latitude FROM latest_positions") == 1.0


@pytest.mark.parametrize(
    "fault",
    [
        {"latitude": 91.0},
        {"longitude": math.nan},
        {"attributes": {"text": "nul \0 inside"}},
        {"speed_mps": 1e300},
        {"satellites": 70_000},
    ],
    ids=str,
)
def test_one_bad_row_is_put_aside_and_blocks_no_other(
    store: PositionStore, connection: psycopg.Connection, fault: dict[str, Any]
) -> None:
    rows = [received(f"bus-{number % 20}", number) for number in range(100)]
    rows[37] = received("bus-17", 37, **fault)
    tallies = store.store(Batch(rows))
    assert tallies["mqtt"] == Tally(stored=99, quarantined=1)
    aside = connection.execute("SELECT uid, reason, raw FROM quarantine").fetchall()
    assert aside == [("bus-17", "value out of range", b"as it came")]
    assert scalar(connection, "SELECT count(*) FROM latest_positions") == 20


def test_an_unknown_device_waits_in_quarantine_and_is_known_once_added(
    store: PositionStore, connection: psycopg.Connection
) -> None:
    strangers = Batch([received("stranger"), received("nul\0uid", 1)])
    assert store.store(strangers)["mqtt"] == Tally(quarantined=2)
    reasons = connection.execute("SELECT reason, uid FROM quarantine ORDER BY uid").fetchall()
    assert reasons == [("unknown device", "nul\\0uid"), ("unknown device", "stranger")]
    add_device(connection, "stranger", None)
    assert store.store(Batch([received("stranger")]))["mqtt"] == Tally(stored=1)


def test_a_disabled_device_is_refused_at_once(
    store: PositionStore, connection: psycopg.Connection, database_url: str
) -> None:
    assert store.store(Batch([received("bus-1")]))["mqtt"] == Tally(stored=1)
    with connect(database_url, "admin", autocommit=True) as other:
        disable_device(other, "bus-1")
    assert store.store(Batch([received("bus-1", 1)]))["mqtt"] == Tally(quarantined=1)
    assert scalar(connection, "SELECT reason FROM quarantine") == "disabled device"


def test_a_late_fix_is_stored_and_moves_no_marker_back(
    store: PositionStore, connection: psycopg.Connection
) -> None:
    store.store(Batch([received("bus-1", 60, latitude=2.0), received("bus-1", 30, latitude=1.0)]))
    store.store(Batch([received("bus-1", 59, latitude=3.0)]))
    assert scalar(connection, "SELECT count(*) FROM positions") == 3
    assert scalar(connection, "SELECT latitude FROM latest_positions") == 2.0
    store.store(Batch([received("bus-1", 61, latitude=4.0)]))
    assert scalar(connection, "SELECT latitude FROM latest_positions") == 4.0


def test_the_ledger_keeps_sources_apart_and_adds_up(
    store: PositionStore, connection: psycopg.Connection
) -> None:
    aside = Refused(received("x").message, None, "malformed", "no JSON", b"{")
    batch = Batch(
        [received("bus-1", 1), received("bus-1", 2, "serial:/dev/a"), received("bus-1", 1)], [aside]
    )
    batch.ignored["mqtt"] = 5
    store.store(batch)
    query = (
        "SELECT source, received, stored, duplicate, quarantined, ignored FROM ingest_ledger ORDER BY source"
    )
    assert connection.execute(query).fetchall() == [("mqtt", 3, 1, 1, 1, 5), ("serial:/dev/a", 1, 1, 0, 0, 0)]


def test_listeners_hear_of_every_device_however_many(
    connection: psycopg.Connection, database_url: str
) -> None:
    uids = [f"device-{number}" for number in range(3_000)]
    adopt_devices(connection, uids)
    with connect(database_url, "listener", autocommit=True) as listener:
        listener.execute("LISTEN positions_stored")
        PositionStore(connection).store(Batch([received(uid) for uid in uids]))
        heard = [notify.payload for notify in listener.notifies(timeout=1)]
    device_ids = [int(device_id) for payload in heard for device_id in payload.split(",")]
    assert len(heard) > 1
    assert sorted(device_ids) == sorted(
        row[0] for row in connection.execute("SELECT id FROM devices WHERE uid LIKE 'device-%'")
    )


def test_two_writers_of_the_same_fixes_neither_block_nor_double(database_url: str) -> None:
    with connect(database_url, "test", autocommit=True) as connection:
        adopt_devices(connection, [f"bus-{number}" for number in range(50)])
        tallies: list[Tally] = []

        def write(order: int) -> None:
            with connect(database_url, "writer", autocommit=True) as own:
                store = PositionStore(own)
                for second in range(20):
                    rows = [received(f"bus-{number}", second) for number in range(50)]
                    tallies.append(store.store(Batch(rows[::order]))["mqtt"])

        writers = [threading.Thread(target=write, args=[order]) for order in (1, -1)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert scalar(connection, "SELECT count(*) FROM positions") == 1_000
    assert sum(tally.stored for tally in tallies) == 1_000
    assert sum(tally.duplicate for tally in tallies) == 1_000


def test_a_device_deleted_meanwhile_does_not_block_the_others(
    store: PositionStore, connection: psycopg.Connection, database_url: str
) -> None:
    store.store(Batch([received("bus-1"), received("bus-2")]))
    with connect(database_url, "admin", autocommit=True) as other:
        other.execute("DELETE FROM devices WHERE uid = 'bus-1'")
    tallies = store.store(Batch([received("bus-1", 1), received("bus-2", 1)]))
    assert tallies["mqtt"] == Tally(stored=1, quarantined=1)
