"""The outbox of stored batches, and newest fixes that may follow a moment after the commit."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from devices.position import Position
from jobs.outbox import forget_old, settle_abandoned
from sql.batches import Batch, Message, Received
from sql.fleet import adopt_devices
from sql.pool import connect
from sql.positions import PositionStore, catch_up_latest

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def batch(*fixes: tuple[str, float]) -> Batch:
    message = Message("mqtt", "fleet/x/position", b"as it came", NOON)
    return Batch(
        [
            Received(uid, Position(None, NOON + timedelta(seconds=second), 48.0, 11.0), message)
            for uid, second in fixes
        ]
    )


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with connect(database_url, "test", autocommit=True) as connection:
        adopt_devices(connection, ["bus-1", "bus-2", "bus-3", "bus-4"])
        yield connection


def read_latest(connection: psycopg.Connection) -> dict[str, float]:
    query = """SELECT uid, extract(epoch FROM fix_time - %s)::float
        FROM latest_positions JOIN devices ON devices.id = device_id"""
    return dict(connection.execute(query, [NOON]).fetchall())


def read_outbox(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    query = """SELECT ARRAY(SELECT uid FROM devices WHERE id = ANY(device_ids) ORDER BY uid),
            extract(epoch FROM first_fix - %s)::integer, extract(epoch FROM last_fix - %s)::integer,
            latest_moved
        FROM stored_batches ORDER BY id"""
    return connection.execute(query, [NOON, NOON]).fetchall()


def test_each_batch_leaves_a_row_of_its_devices_and_the_time_it_spans(connection: psycopg.Connection) -> None:
    store = PositionStore(connection)
    store.store(batch(("bus-1", 10), ("bus-2", 5), ("bus-1", 30)))
    store.store(batch(("stranger", 0)))
    store.store(batch(("bus-3", 7)))
    assert read_outbox(connection) == [(["bus-1", "bus-2"], 5, 30, True), (["bus-3"], 7, 7, True)]


def test_while_more_follows_newest_fixes_wait_and_move_together(connection: psycopg.Connection) -> None:
    store = PositionStore(connection)
    store.store(batch(("bus-1", 0)), more_follows=True)
    assert read_latest(connection) == {"bus-1": 0.0}, "the first move waits for nothing"
    store.store(batch(("bus-1", 20), ("bus-2", 20)), more_follows=True)
    store.store(batch(("bus-1", 10)), more_follows=True)
    assert read_latest(connection) == {"bus-1": 0.0}
    assert [row[3] for row in read_outbox(connection)] == [True, False, False]
    store.store(batch(("bus-3", 5)))
    assert read_latest(connection) == {"bus-1": 20.0, "bus-2": 20.0, "bus-3": 5.0}
    assert all(row[3] for row in read_outbox(connection))


def test_listeners_hear_of_a_device_when_its_newest_fix_moves(
    connection: psycopg.Connection, database_url: str
) -> None:
    store = PositionStore(connection)
    store.store(batch(("bus-1", 0)))
    with connect(database_url, "listener", autocommit=True) as listener:
        listener.execute("LISTEN positions_stored")
        store.store(batch(("bus-2", 1)), more_follows=True)
        assert list(listener.notifies(timeout=0.2)) == []
        store.store(Batch())
        (heard,) = listener.notifies(timeout=5, stop_after=1)
    assert heard.payload == str(
        connection.execute("SELECT id FROM devices WHERE uid = 'bus-2'").fetchone()[0]
    )  # type: ignore[index]


def test_a_batch_that_the_database_refused_moves_nothing_later(connection: psycopg.Connection) -> None:
    store = PositionStore(connection)
    store.store(batch(("bus-1", 0)))
    bad = batch(("bus-1", 100), ("bus-2", 100))
    bad.received[0] = bad.received[0]._replace(position=bad.received[0].position._replace(latitude=91.0))
    store.store(bad, more_follows=True)
    store.store(Batch())
    assert read_latest(connection) == {"bus-1": 0.0, "bus-2": 100.0}


def test_the_next_writer_moves_what_a_killed_one_still_owed(
    connection: psycopg.Connection, database_url: str
) -> None:
    with connect(database_url, "killed", autocommit=True) as other:
        killed = PositionStore(other)
        killed.store(batch(("bus-1", 0)))
        killed.store(batch(("bus-1", 20), ("bus-2", 20)), more_follows=True)
        killed.store(batch(("bus-1", 10)), more_follows=True)
    connection.execute("DELETE FROM devices WHERE uid = 'bus-2'")
    PositionStore(connection)
    assert read_latest(connection) == {"bus-1": 20.0}
    assert all(row[3] for row in read_outbox(connection))


def test_catching_up_never_moves_a_marker_back(connection: psycopg.Connection, database_url: str) -> None:
    with connect(database_url, "killed", autocommit=True) as other:
        killed = PositionStore(other)
        killed.store(Batch())
        killed.store(batch(("bus-1", 20)), more_follows=True)
    living = connection.execute("SELECT id FROM devices WHERE uid = 'bus-1'").fetchone()
    connection.execute(
        "INSERT INTO latest_positions (device_id, fix_time, received_at, latitude, longitude)"
        " VALUES (%s, %s, now(), 1, 1)",
        [living and living[0], NOON + timedelta(seconds=60)],
    )
    assert catch_up_latest(connection) == 1
    assert read_latest(connection) == {"bus-1": 60.0}


def test_a_job_moves_what_a_killed_daemon_owes_and_leaves_living_ones_alone(
    connection: psycopg.Connection,
) -> None:
    store = PositionStore(connection)
    store.store(Batch())
    store.store(batch(("bus-1", 20)), more_follows=True)
    settle_abandoned(connection)
    assert read_latest(connection) == {}
    connection.execute("UPDATE stored_batches SET stored_at = now() - INTERVAL '1 minute'")
    settle_abandoned(connection)
    assert read_latest(connection) == {"bus-1": 20.0}


def test_a_job_forgets_outbox_rows_of_a_week_ago_but_none_that_owes_or_waits_for_detection(
    connection: psycopg.Connection,
) -> None:
    store = PositionStore(connection)
    store.store(batch(("bus-1", 0)))
    store.store(batch(("bus-4", 0)))
    store.store(batch(("bus-2", 0)), more_follows=True)
    connection.execute("UPDATE stored_batches SET stored_at = now() - INTERVAL '8 days'")
    store.store(batch(("bus-3", 0)), more_follows=True)
    connection.execute("UPDATE stored_batches SET latest_moved = id <> 3, is_spread = id <> 2")
    forget_old(connection)
    assert [row[0] for row in read_outbox(connection)] == [["bus-4"], ["bus-2"], ["bus-3"]]
