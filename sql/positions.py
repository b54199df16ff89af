"""The one way to store positions, for the daemon and the API alike.

A batch becomes one transaction: the positions, the newest fix of each device, what had to be put aside, the
ledger, and a NOTIFY. What makes it hard is that one row out of 5,000 may be a repetition, or may be refused
by the database, and that neither may slow down or lose the others. So: binary COPY straight into the table;
where that meets a repetition, the same rows through a temporary table; where that meets a refusal, in
halves, until the bad row stands alone and goes to quarantine. Only the fault of a row ends there: whatever
else goes wrong (database away, disk full) leaves this module as psycopg.Error with nothing committed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import psycopg
from psycopg.errors import DataError, IntegrityError

from sql.batches import Batch, Received, Refused, Tally
from sql.binary_copy import copy_rows, encode_row, row_key, timestamp_field
from sql.queries import queries

RAW_LIMIT_BYTES = 65_536
NOTIFY_LIMIT_BYTES = 7_900

UNKNOWN_DEVICE = "unknown device"
DISABLED_DEVICE = "disabled device"
UNFIT_VALUE = "value out of range"


Repeats = Counter[tuple[int, date]]  # how often a device repeated fixes of a UTC day


class _Row(NamedTuple):
    device_id: int
    encoded: bytes
    received: Received


class PositionStore:
    """Stores batches on one connection, which must be in autocommit; remembers the devices it has met."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._devices: dict[str, int | None] = {}
        self._expect_duplicates = False
        queries.create_staging(connection)
        connection.add_notify_handler(self._forget)
        connection.execute("LISTEN device_changed")

    def _forget(self, changed: psycopg.Notify) -> None:
        self._devices.pop(changed.payload, None)

    def store(self, batch: Batch) -> dict[str, Tally]:
        """Commit a batch and say by source what became of it; after psycopg.Error nothing was committed."""
        try:
            tallies = self._commit(batch, directly=not self._expect_duplicates)
        except (IntegrityError, DataError):
            tallies = self._commit(batch, directly=False)
        self._expect_duplicates = any(tally.duplicate for tally in tallies.values())
        return tallies

    def _commit(self, batch: Batch, directly: bool) -> dict[str, Tally]:
        tallies = {source: Tally(ignored=count) for source, count in batch.ignored.items()}
        refused = list(batch.refused)
        accepted: list[_Row] = []
        duplicates = Repeats()
        with self._connection.transaction(), self._connection.cursor() as cursor:
            rows = self._encode(batch.received, refused)
            for source, own in _by_source(rows):
                fresh = list({row_key(row.encoded): row for row in reversed(own)}.values())
                repeats = _count_by_day(own) - _count_by_day(fresh) if len(fresh) < len(own) else Repeats()
                if directly:
                    copy_rows(cursor, "positions", [row.encoded for row in fresh])
                    kept, known = fresh, Repeats()
                else:
                    kept, known = self._insert(cursor, fresh, refused)
                tally = tallies.setdefault(source, Tally())
                tally.stored = len(kept) - known.total()
                tally.duplicate = repeats.total() + known.total()
                accepted += kept
                duplicates += repeats + known
            self._move_latest(cursor, accepted)
            self._count_duplicates(duplicates)
            self._put_aside(refused, tallies)
            self._enter_in_ledger(tallies)
            for device_ids in _notifications({row.device_id for row in accepted}):
                queries.notify_stored(self._connection, device_ids=device_ids)
        return tallies

    def _encode(self, batch: Iterable[Received], refused: list[Refused]) -> list[_Row]:
        """The rows of all whose device is known and may speak; the others join `refused`."""
        received = list(batch)
        self._look_up({item.uid for item in received if item.uid not in self._devices})
        rows = []
        moment, received_at = None, 0
        for item in received:
            if item.message.received_at is not moment:  # one read of the network has one moment
                moment = item.message.received_at
                received_at = timestamp_field(moment)
            if item.uid not in self._devices:
                refused.append(_refuse(item, UNKNOWN_DEVICE, f"no device has the uid {item.uid!r}"))
            elif (device_id := self._devices[item.uid]) is None:
                refused.append(_refuse(item, DISABLED_DEVICE, f"the device {item.uid!r} is disabled"))
            else:
                try:
                    rows.append(_Row(device_id, encode_row(device_id, received_at, item.position), item))
                except ValueError as error:
                    refused.append(_refuse(item, UNFIT_VALUE, str(error)))
        return rows

    def _look_up(self, uids: set[str]) -> None:
        """Remember these devices; one that is added later is found then, for the unknown are not kept."""
        if uids:
            storable = [uid for uid in uids if "\0" not in uid]
            for uid, device_id, disabled in queries.list_devices_by_uid(self._connection, uids=storable):
                self._devices[uid] = None if disabled else device_id

    def _insert(
        self, cursor: psycopg.Cursor, rows: list[_Row], refused: list[Refused]
    ) -> tuple[list[_Row], Repeats]:
        """Store what is new; returns the rows that the database did not refuse, and which it had already."""
        try:
            with self._connection.transaction():
                queries.empty_incoming(self._connection)
                copy_rows(cursor, "pg_temp.incoming", [row.encoded for row in rows])
                known = queries.insert_incoming(self._connection)
                return rows, Repeats({(device_id, day): count for device_id, day, count in known})
        except (DataError, IntegrityError) as error:
            if len(rows) == 1:
                refused.append(_refuse(rows[0].received, UNFIT_VALUE, str(error).partition("\n")[0]))
                return [], Repeats()
        middle = len(rows) // 2
        kept_left, known_left = self._insert(cursor, rows[:middle], refused)
        kept_right, known_right = self._insert(cursor, rows[middle:], refused)
        return kept_left + kept_right, known_left + known_right

    def _move_latest(self, cursor: psycopg.Cursor, rows: list[_Row]) -> None:
        newest: dict[int, _Row] = {}
        for row in rows:
            other = newest.get(row.device_id)
            if other is None or row.received.position.fix_time > other.received.position.fix_time:
                newest[row.device_id] = row
        if newest:
            copy_rows(cursor, "pg_temp.newest", [row.encoded for row in newest.values()])
            queries.update_latest(self._connection)

    def _count_duplicates(self, duplicates: Repeats) -> None:
        if duplicates:
            device_ids, days = zip(*duplicates, strict=True)
            queries.add_duplicates(
                self._connection,
                device_ids=list(device_ids),
                days=list(days),
                counts=list(duplicates.values()),
            )

    def _put_aside(self, refused: list[Refused], tallies: dict[str, Tally]) -> None:
        if not refused:
            return
        for refusal in refused:
            tallies.setdefault(refusal.message.source, Tally()).quarantined += 1
        queries.add_to_quarantine(self._connection, [_quarantine_row(refusal) for refusal in refused])

    def _enter_in_ledger(self, tallies: dict[str, Tally]) -> None:
        for source, tally in sorted(tallies.items()):
            queries.add_to_ledger(
                self._connection,
                source=source,
                stored=tally.stored,
                duplicate=tally.duplicate,
                quarantined=tally.quarantined,
                ignored=tally.ignored,
            )


def _by_source(rows: list[_Row]) -> Iterator[tuple[str, list[_Row]]]:
    source = attrgetter("received.message.source")
    for name, own in groupby(sorted(rows, key=source), key=source):
        yield name, list(own)


def _count_by_day(rows: list[_Row]) -> Repeats:
    return Repeats((row.device_id, row.received.position.fix_time.date()) for row in rows)


def _refuse(item: Received, reason: str, detail: str) -> Refused:
    return Refused(item.message, item.uid, reason, detail, item.message.payload)


def _quarantine_row(refusal: Refused) -> dict[str, object]:
    """Text for PostgreSQL holds no NUL; the bytes are kept as they came, up to RAW_LIMIT_BYTES."""
    return {
        "received_at": refusal.message.received_at,
        "source": refusal.message.source,
        "topic": refusal.message.topic.replace("\0", "\\0"),
        "uid": refusal.uid and refusal.uid.replace("\0", "\\0"),
        "reason": refusal.reason,
        "detail": refusal.detail.replace("\0", "\\0"),
        "size_bytes": len(refusal.raw),
        "raw": refusal.raw[:RAW_LIMIT_BYTES],
    }


def _notifications(device_ids: set[int]) -> Iterator[str]:
    """The ids as text in pieces that fit a notification, 8,000 bytes at most."""
    piece = ""
    for device_id in sorted(device_ids):
        if len(piece) > NOTIFY_LIMIT_BYTES:
            yield piece
            piece = ""
        piece += f",{device_id}" if piece else f"{device_id}"
    if piece:
        yield piece
