"""Positions that a file brought: stored beside the live ones, and taken back.

They go the way of all positions (sql/positions.py): encoded by sql/binary_copy.py, through the same staging
table, into the same hypertable. What differs is whose transaction it is. An import is one transaction
however long it is, and the daemon must not wait for it. So nothing but `positions` and `imported_positions`
is written until `finish`, which claims rows of `latest_positions` for the last moment only. The daemon
waits for an import in one case alone: it is sent the very fix that the import has just stored, and cannot
know whether that stays.

An import is no receipt: it enters neither ingest_ledger nor quarantine nor device_duplicates. Detection
looks at what it touched and at no more. An event raises an alert only where its fix was received soon after
it was taken; with the moment of the import for `received_at`, none does that is older than its rule's
fresh_s.

TimescaleDB makes the chunk of a day with the first fix of it, and until that is committed, nobody else's
fix finds a chunk that it lacks: neither on that day nor on another. So the days of a file are made before,
each in a transaction of its own (`Days`).

TimescaleDB keeps each day in a chunk of its own, and a statement that may concern any day looks into all of
them. So whatever looks fixes up does it day by day.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

import psycopg

from devices.position import Position
from sql.binary_copy import KEY_COLUMNS, copy_rows, encode_fields, encode_head, encode_key, timestamp_field
from sql.positions import notify_stored
from sql.queries import queries

Row = tuple[int, Position, datetime]  # the id of the device, its fix, and when that was received

DAY = timedelta(days=1)


class Days:
    """Makes the days that a file falls on, on a connection in autocommit that is not the import's."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._made: set[date] = set()

    def make(self, rows: Iterable[Row]) -> None:
        """Have a chunk for each of these rows, before `store` gets them; an empty one does no harm."""
        days = {position.fix_time.date() for _, position, _ in rows} - self._made
        if not days:
            return
        starts = [datetime.combine(day, time(), UTC) for day in days]
        for (start,) in queries.list_missing_days(self._connection, days=starts):
            with self._connection.transaction():
                queries.enter_day(self._connection, day=start)
                queries.leave_day(self._connection, day=start)
        self._made |= days


def store(connection: psycopg.Connection, import_id: int, rows: Sequence[Row]) -> tuple[int, int]:
    """Store some thousand rows of a file within the caller's transaction: how many are new, how many are not.

    What is stored already, by whomever, or repeated in this batch or one before, is not new; of repetitions
    the first stays. Rows must have passed `find_fault` (sql/fitness.py): after a ValueError or psycopg.Error
    the transaction is lost. Their days must have been made (`Days`), or the daemon waits.
    """
    queries.create_staging(connection)
    queries.clear_staging(connection)
    queries.allow_decompression(connection)
    with connection.cursor() as cursor:
        copy_rows(cursor, "pg_temp.incoming", _encode(rows))
    new: int = queries.insert_imported(connection, import_id=import_id)
    return new, len(rows) - new


def finish(connection: psycopg.Connection, import_id: int) -> None:
    """Have detection look at what this import brought, and move newest fixes forward. Commit at once then."""
    _prepare(connection)
    queries.touch_imported(connection, import_id=import_id)
    for since, until in _list_days(connection, queries.list_newest_days):
        queries.gather_newest(connection, since=since, until=until)
    _leave(connection)


def undo(connection: psycopg.Connection, import_id: int) -> int:
    """Delete the positions that this import brought, within the caller's transaction; how many.

    Commit at once then. Those that were there before it stay. One that it brought and that came again
    later, from a device or in another file, was stored once, as this import's, and goes. Newest fixes move
    back to what remains, and detection looks again at the times concerned. A second call finds nothing.
    """
    _prepare(connection)
    queries.allow_decompression(connection)
    queries.name_imported(connection, import_id=import_id)
    queries.sort_named_fixes(connection)
    deleted = 0
    for since, until in _list_days(connection, queries.list_named_days):
        deleted += queries.delete_named(connection, since=since, until=until)
    queries.forget_imported(connection, import_id=import_id)
    queries.lock_latest(connection)
    queries.take_latest_back(connection)
    queries.notify_moved_back(connection)
    _leave(connection)
    return deleted


class DryRun:
    """Tells what storing a file would bring, without storing: gathers the fixes it names, and looks for them.

    It lives on one connection, whose transactions do not matter to it, and needs 60 bytes of the database's
    disk for each row.
    """

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._rows = 0
        queries.create_import_staging(connection)

    def add(self, rows: Sequence[Row]) -> None:
        """Some thousand rows of the file."""
        keys = (encode_key(device_id, position.fix_time) for device_id, position, _ in rows)
        with self._connection.cursor() as cursor:
            copy_rows(cursor, "pg_temp.named_fixes", keys, KEY_COLUMNS)
        self._rows += len(rows)

    def count(self) -> tuple[int, int]:
        """How many of all rows `store` would find to be new, and how many not; ends the dry run."""
        queries.sort_named_fixes(self._connection)
        days = _list_days(self._connection, queries.list_named_days)
        new = sum(queries.count_unknown(self._connection, since=since, until=until) for since, until in days)
        queries.drop_import_staging(self._connection)
        return new, self._rows - new


def _prepare(connection: psycopg.Connection) -> None:
    queries.create_staging(connection)
    queries.clear_staging(connection)
    queries.create_import_staging(connection)


def _leave(connection: psycopg.Connection) -> None:
    """Tell detection, move the newest fixes that are gathered, and tell whoever listens."""
    queries.add_touched_batch(connection)
    queries.update_latest(connection)
    notify_stored(connection, [device_id for (device_id,) in queries.list_touched_devices(connection)])
    queries.drop_import_staging(connection)


def _encode(rows: Iterable[Row]) -> Iterator[bytes]:
    moment, received = None, 0
    for device_id, position, received_at in rows:
        if received_at is not moment:  # mostly one for all
            moment, received = received_at, timestamp_field(received_at)
        yield encode_head(device_id)
        yield encode_fields(received, position)


def _list_days(
    connection: psycopg.Connection, list_days: Callable[..., Iterable[tuple[datetime]]]
) -> list[tuple[datetime, datetime]]:
    return [(day, day + DAY) for (day,) in list_days(connection)]
