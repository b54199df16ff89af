"""Positions from files: stored beside the live ones within one long transaction, and taken back."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from devices.position import Position
from sql.batches import Batch, Message, Received, Tally
from sql.fleet import add_device
from sql.imported_positions import Days, DryRun, Row, finish, store, undo
from sql.pool import connect
from sql.positions import PositionStore

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOW = NOON + timedelta(days=30)
DAY_S = 86_400
BROUGHT = "(SELECT device_id, unnest(fix_times) AS fix_time FROM imported_positions)"


def fix(second: float, latitude: float = 48.0) -> Position:
    return Position(None, NOON + timedelta(seconds=second), latitude, 11.0, speed_mps=12.5)


@pytest.fixture
def device_ids(connection: psycopg.Connection) -> list[int]:
    """Three devices."""
    return [add_device(connection, f"bus-{number}", None) for number in (1, 2, 3)]


@pytest.fixture
def make_rows(device_ids: list[int]) -> Callable[..., list[Row]]:
    """Rows of a file: pairs of the number of a bus and seconds since noon."""

    def make(*pairs: tuple[int, float], latitude: float = 48.0) -> list[Row]:
        return [(device_ids[bus - 1], fix(second, latitude), NOW) for bus, second in pairs]

    return make


@pytest.fixture
def send(connection: psycopg.Connection, device_ids: list[int]) -> Callable[..., Tally]:
    """Stores what devices send, as the daemon does."""
    live = PositionStore(connection)

    def store_live(*pairs: tuple[int, float]) -> Tally:
        message = Message("mqtt", "fleet/x/position", b"", NOW)
        received = [Received(f"bus-{bus}", fix(second), message) for bus, second in pairs]
        return live.store(Batch(received))["mqtt"]

    return store_live


def begin(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "INSERT INTO import_history (kind, file_name, file_bytes, file_sha256, reading, mapping)"
        " VALUES ('positions', 'log.csv', 1, repeat('0', 64), '{}', '{}') RETURNING id"
    ).fetchone()
    assert row
    return int(row[0])


@pytest.fixture
def bring(connection: psycopg.Connection) -> Callable[[list[Row]], int]:
    """Imports rows as one file; the number of the import."""

    def import_rows(rows: list[Row]) -> int:
        import_id = begin(connection)
        with connection.transaction():
            store(connection, import_id, rows)
            finish(connection, import_id)
        return import_id

    return import_rows


def take_back(connection: psycopg.Connection, import_id: int) -> int:
    with connection.transaction():
        return undo(connection, import_id)


def list_seconds(connection: psycopg.Connection, table: str = "positions") -> list[tuple[int, int]]:
    """The number of the bus and the seconds since noon of each fix in a table."""
    query = f"SELECT right(uid, 1)::integer, fix_time FROM {table} AS fix JOIN devices ON id = device_id"
    return [
        (bus, round((time - NOON).total_seconds()))
        for bus, time in connection.execute(f"{query} ORDER BY 1, 2")
    ]


def list_due(connection: psycopg.Connection) -> list[list[tuple[int, int, int]]]:
    """Of each outbox row: the number of the bus, and from when to when it is due, in seconds since noon."""
    query = "SELECT device_ids, first_fixes, last_fixes FROM stored_batches ORDER BY id"
    names = dict(connection.execute("SELECT id, right(uid, 1)::integer FROM devices"))
    return [
        [
            (names[id], round((first - NOON).total_seconds()), round((last - NOON).total_seconds()))
            for id, first, last in zip(*row, strict=True)
        ]
        for row in connection.execute(query)
    ]


def test_what_is_new_is_told_from_what_is_repeated_in_the_batch_the_file_or_the_database(
    connection: psycopg.Connection, make_rows: Any, send: Any
) -> None:
    send((1, 0))
    import_id = begin(connection)
    with connection.transaction():
        assert store(connection, import_id, make_rows((1, 0), (1, 10), (1, 10), (2, 0))) == (2, 2)
        assert store(connection, import_id, make_rows((2, 0), (2, 10))) == (1, 1)
        assert store(connection, import_id, []) == (0, 0)
        finish(connection, import_id)
    assert list_seconds(connection) == [(1, 0), (1, 10), (2, 0), (2, 10)]
    assert list_seconds(connection, BROUGHT) == [(1, 10), (2, 0), (2, 10)]


def test_the_first_of_repetitions_stays(connection: psycopg.Connection, make_rows: Any, bring: Any) -> None:
    bring(make_rows((1, 0), latitude=1.0) + make_rows((1, 0), latitude=2.0))
    bring(make_rows((1, 0), latitude=3.0))
    assert connection.execute("SELECT latitude FROM positions").fetchall() == [(1.0,)]
    assert connection.execute("SELECT latitude FROM latest_positions").fetchall() == [(1.0,)]


def test_an_import_is_no_receipt(connection: psycopg.Connection, make_rows: Any, bring: Any) -> None:
    bring(make_rows((1, 0), (1, 0)))
    for table in ("ingest_ledger", "quarantine", "device_duplicates"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


def test_newest_fixes_move_forward_and_never_back(
    connection: psycopg.Connection, make_rows: Any, bring: Any, send: Any
) -> None:
    send((1, 100), (2, 100))
    bring(make_rows((1, 50), (2, 200), (2, 150), (3, -9 * DAY_S)))
    assert list_seconds(connection, "latest_positions") == [(1, 100), (2, 200), (3, -9 * DAY_S)]


def test_detection_is_told_of_each_device_and_its_own_time(
    connection: psycopg.Connection, make_rows: Any, bring: Any, send: Any
) -> None:
    send((3, 0))
    connection.execute("DELETE FROM stored_batches")
    bring(make_rows((1, 0), (2, 5 * DAY_S), (1, 50), (1, 20), (3, 0)))
    assert list_due(connection) == [[(1, 0, 50), (2, 5 * DAY_S, 5 * DAY_S)]]
    bring(make_rows((1, 0), (3, 0)))
    assert len(list_due(connection)) == 1, "the same file again touches nothing"


def test_listeners_hear_of_an_import_and_of_its_undoing(
    connection: psycopg.Connection, database_url: str, device_ids: list[int], make_rows: Any, bring: Any
) -> None:
    with connect(database_url, "listener", autocommit=True) as listener:
        listener.execute("LISTEN positions_stored")
        listener.execute("LISTEN vehicle_changed")  # whoever shows the fleet reads it anew then
        import_id = bring(make_rows((1, 0), (3, 0)))
        take_back(connection, import_id)
        heard = [(notify.channel, notify.payload) for notify in listener.notifies(timeout=10, stop_after=3)]
    concerned = ("positions_stored", f"{device_ids[0]},{device_ids[2]}")
    assert heard == [concerned, ("vehicle_changed", ""), concerned]


def test_the_daemon_does_not_wait_for_an_import_that_goes_on(
    connection: psycopg.Connection, database_url: str, make_rows: Any, send: Any
) -> None:
    send((1, 0))
    connection.execute("SET lock_timeout = '2s'")  # the daemon's patience: waiting would fail
    import_id = begin(connection)
    with connect(database_url, "import", autocommit=True) as other, other.transaction():
        assert store(other, import_id, make_rows((1, 10), (1, 1000), (2, 0))) == (3, 0)
        assert send((1, 20), (2, 20)) == Tally(stored=2)
        assert store(other, import_id, make_rows((1, 20), (1, 30))) == (1, 1)
        assert send((1, 40)) == Tally(stored=1)
        finish(other, import_id)
    assert list_seconds(connection, "latest_positions") == [(1, 1000), (2, 20)]
    assert send((2, 60)) == Tally(stored=1)


def test_nobody_waits_for_the_days_of_an_import_that_were_made_before(
    connection: psycopg.Connection, database_url: str, make_rows: Any, send: Any
) -> None:
    send((1, 0))
    connection.execute("SET lock_timeout = '2s'")
    import_id = begin(connection)
    rows = make_rows((1, -5 * DAY_S), (1, -40 * DAY_S), (1, 10))
    with connect(database_url, "days", autocommit=True) as other:
        days = Days(other)
        days.make(rows)
        days.make(rows)
    assert list_seconds(connection) == [(1, 0)]
    with connect(database_url, "import", autocommit=True) as other, other.transaction():
        assert store(other, import_id, rows) == (3, 0)
        assert send((1, -5 * DAY_S + 1), (1, -7 * DAY_S), (1, DAY_S)) == Tally(stored=3)
        assert store(other, import_id, make_rows((1, -40 * DAY_S + 1))) == (1, 0)


def test_an_import_that_fails_leaves_nothing(
    connection: psycopg.Connection, make_rows: Any, send: Any
) -> None:
    send((1, 0))
    import_id = begin(connection)
    with contextlib.suppress(psycopg.errors.CheckViolation), connection.transaction():
        store(connection, import_id, make_rows((1, 10)))
        store(connection, import_id, make_rows((1, 20), latitude=91.0))
        pytest.fail("the database takes a latitude of 91")
    assert list_seconds(connection) == list_seconds(connection, "latest_positions") == [(1, 0)]
    assert list_seconds(connection, BROUGHT) == []
    assert send((1, 10)) == Tally(stored=1)


def test_undoing_takes_what_the_import_brought_and_nothing_else(
    connection: psycopg.Connection, make_rows: Any, bring: Any, send: Any
) -> None:
    send((1, 0), (2, 0))
    first = bring(make_rows((1, 0), (1, 10), (2, -3 * DAY_S)))
    second = bring(make_rows((1, 10), (1, 20)))
    connection.execute("DELETE FROM stored_batches")
    assert take_back(connection, first) == 2
    assert list_seconds(connection) == [(1, 0), (1, 20), (2, 0)]
    assert list_seconds(connection, BROUGHT) == [(1, 20)]
    assert list_due(connection) == [[(1, 10, 10), (2, -3 * DAY_S, -3 * DAY_S)]]
    assert take_back(connection, first) == 0
    assert take_back(connection, second) == 1
    assert list_seconds(connection) == [(1, 0), (2, 0)]


def test_undoing_moves_newest_fixes_back_to_what_remains(
    connection: psycopg.Connection, make_rows: Any, bring: Any, send: Any
) -> None:
    send((1, 0), (2, 500))
    import_id = bring(make_rows((1, 2 * DAY_S), (2, 100), (3, 0)))
    assert list_seconds(connection, "latest_positions") == [(1, 2 * DAY_S), (2, 500), (3, 0)]
    take_back(connection, import_id)
    assert list_seconds(connection, "latest_positions") == [(1, 0), (2, 500)]
    send((1, 10), (3, 10))
    assert list_seconds(connection, "latest_positions") == [(1, 10), (2, 500), (3, 10)]


def test_what_the_daemon_stored_since_an_import_outlives_its_undoing(
    connection: psycopg.Connection, make_rows: Any, bring: Any, send: Any
) -> None:
    import_id = bring(make_rows((1, 1000), (2, 0)))
    send((1, 10), (2, 20))
    take_back(connection, import_id)
    assert list_seconds(connection) == list_seconds(connection, "latest_positions") == [(1, 10), (2, 20)]


def test_fixes_of_a_device_that_is_gone_do_not_stand_in_the_way(
    connection: psycopg.Connection, make_rows: Any, bring: Any
) -> None:
    import_id = bring(make_rows((1, 0), (2, 0)))
    connection.execute("DELETE FROM devices WHERE uid = 'bus-1'")
    assert take_back(connection, import_id) == 2
    assert connection.execute("SELECT count(*) FROM positions").fetchone() == (0,)


def test_a_dry_run_tells_what_storing_would_and_stores_nothing(
    connection: psycopg.Connection, make_rows: Any, bring: Any, send: Any
) -> None:
    send((1, 0), (2, 0))
    batches = [
        make_rows((1, 0), (1, 10), (1, 10), (3, 7 * DAY_S)),
        make_rows((1, 10), (2, 0), (2, -30 * DAY_S)),
        [],
    ]
    dry_run = DryRun(connection)
    for batch in batches:
        dry_run.add(batch)
    assert dry_run.count() == (3, 4)
    assert list_seconds(connection) == [(1, 0), (2, 0)]
    import_id = begin(connection)
    with connection.transaction():
        counts = [store(connection, import_id, batch) for batch in batches]
    assert [sum(column) for column in zip(*counts, strict=True)] == [3, 4]


def test_a_dry_run_of_no_rows_finds_none(connection: psycopg.Connection) -> None:
    assert DryRun(connection).count() == (0, 0)
