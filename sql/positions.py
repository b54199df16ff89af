"""The one way to store positions, for the daemon and the API alike.

A batch becomes one transaction: the positions, what had to be put aside, the ledger, an outbox row, the
newest fix of each device, and a NOTIFY. What makes it hard is that one row out of 5,000 may be a repetition,
or may be refused by the database, and that neither may slow down or lose the others. So: binary COPY straight
into the table; where that meets a repetition, the same rows through a temporary table; where that meets a
refusal, in halves, until the bad row stands alone and goes to quarantine. Only the fault of a row ends there:
whatever else goes wrong (database away, disk full) leaves this module as psycopg.Error, nothing committed.

Moving the newest fixes costs more than the positions themselves. So a caller that has the next batch at hand
may say so, and they are moved once for several batches, at most LATEST_EVERY_S apart. The outbox rows of
those batches say that they owe it; whoever opens a store, and a job each minute, settles for the killed.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby

import psycopg
from psycopg.errors import DataError, IntegrityError

from sql.batches import Batch, Received, Refused, Tally
from sql.binary_copy import copy_rows, encode_fields, encode_head, read_head, row_key, timestamp_field
from sql.queries import queries

RAW_LIMIT_BYTES = 65_536
IDS_A_NOTIFICATION = 700  # of ten digits and a comma: below the 8,000 bytes that PostgreSQL allows
LATEST_EVERY_S = 0.5
NEAR = timedelta(seconds=60)

UNKNOWN_DEVICE = "unknown device"
DISABLED_DEVICE = "disabled device"
UNFIT_VALUE = "value out of range"


Repeats = Counter[tuple[int, date]]  # how often a device repeated fixes of a UTC day


Row = tuple[bytes, bytes, Received]  # the head, which stands for the device; the fields; whence they came
Newest = dict[bytes, Row]  # by head


class PositionStore:
    """Stores batches on one connection, which must be in autocommit; remembers the devices it has met."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._heads: dict[str, bytes | None] = {}  # None: disabled
        self._expect_duplicates = False
        self._unmoved: Newest = {}
        self._owing: list[int] = []  # the outbox rows of what is unmoved
        self._moved_at = 0.0
        connection.add_notify_handler(self._forget)
        connection.execute("LISTEN device_changed")
        catch_up_latest(connection)

    def _forget(self, changed: psycopg.Notify) -> None:
        self._heads.pop(changed.payload, None)

    def store(self, batch: Batch, more_follows: bool = False) -> dict[str, Tally]:
        """Commit a batch and say by source what became of it; after psycopg.Error nothing was committed.

        With `more_follows` the newest fixes may wait for the next call, which must come at once.
        """
        move = not more_follows or time.monotonic() - self._moved_at >= LATEST_EVERY_S
        try:
            tallies = self._commit(batch, move, directly=not self._expect_duplicates)
        except (IntegrityError, DataError):
            tallies = self._commit(batch, move, directly=False)
        self._expect_duplicates = any(tally.duplicate for tally in tallies.values())
        return tallies

    def _commit(self, batch: Batch, move: bool, directly: bool) -> dict[str, Tally]:
        tallies = {source: Tally(ignored=count) for source, count in batch.ignored.items()}
        refused = list(batch.refused)
        with self._connection.transaction(), self._connection.cursor() as cursor:
            rows = self._encode(batch.received, refused)
            if directly:
                copy_rows(cursor, "positions", _pieces(rows))
                for source, count in Counter(item.message.source for _, _, item in rows).items():
                    tallies.setdefault(source, Tally()).stored = count
            else:
                rows = self._store_one_by_one(cursor, rows, refused, tallies)
            newest = _advance({}, rows)
            entry = self._leave_in_outbox(rows, newest, move) if rows else None
            if move:
                self._move_latest(cursor, _advance(dict(self._unmoved), newest.values()))
            self._put_aside(refused, tallies)
            self._enter_in_ledger(tallies)
        if move:
            self._unmoved, self._owing, self._moved_at = {}, [], time.monotonic()
        elif entry is not None:
            _advance(self._unmoved, newest.values())
            self._owing.append(entry)
        return tallies

    def _store_one_by_one(
        self, cursor: psycopg.Cursor, rows: list[Row], refused: list[Refused], tallies: dict[str, Tally]
    ) -> list[Row]:
        """Store rows of which some are there already or are bad; returns those that the database took."""
        accepted: list[Row] = []
        duplicates = Repeats()
        for source, own in _by_source(rows):
            fresh, repeated = _part_repeats(own)
            repeats = _count_by_day(repeated)
            kept, known = self._insert(cursor, fresh, refused)
            tally = tallies.setdefault(source, Tally())
            tally.stored = len(kept) - known.total()
            tally.duplicate = repeats.total() + known.total()
            accepted += kept
            duplicates += repeats + known
        self._count_duplicates(duplicates)
        return accepted

    def _encode(self, received: list[Received], refused: list[Refused]) -> list[Row]:
        """The rows of all whose device is known and may speak; the others join `refused`."""
        heads = self._heads
        self._look_up({item.uid for item in received if item.uid not in heads})
        rows = []
        moment, received_at = None, 0
        for item in received:
            uid, position, message = item
            if message.received_at is not moment:  # one read of the network has one moment
                moment = message.received_at
                received_at = timestamp_field(moment)
            head = heads.get(uid)
            if head is None:
                refused.append(_refuse(item, *self._say_why_refused(uid)))
                continue
            try:
                rows.append((head, encode_fields(received_at, position), item))
            except ValueError as error:
                refused.append(_refuse(item, UNFIT_VALUE, str(error)))
        return rows

    def _say_why_refused(self, uid: str) -> tuple[str, str]:
        if uid in self._heads:
            return DISABLED_DEVICE, f"the device {uid!r} is disabled"
        return UNKNOWN_DEVICE, f"no device has the uid {uid!r}"

    def _look_up(self, uids: set[str]) -> None:
        """Remember these devices; one that is added later is found then, for the unknown are not kept."""
        if uids:
            storable = [uid for uid in uids if "\0" not in uid]
            for uid, device_id, disabled in queries.list_devices_by_uid(self._connection, uids=storable):
                self._heads[uid] = None if disabled else encode_head(device_id)

    def _insert(
        self, cursor: psycopg.Cursor, rows: list[Row], refused: list[Refused]
    ) -> tuple[list[Row], Repeats]:
        """Store what is new; returns the rows that the database did not refuse, and which it had already."""
        try:
            with self._connection.transaction():
                queries.empty_incoming(self._connection)
                copy_rows(cursor, "pg_temp.incoming", _pieces(rows))
                known = queries.insert_incoming(self._connection)
                return rows, Repeats({(device_id, day): count for device_id, day, count in known})
        except (DataError, IntegrityError) as error:
            if len(rows) == 1:
                refused.append(_refuse(rows[0][2], UNFIT_VALUE, str(error).partition("\n")[0]))
                return [], Repeats()
        middle = len(rows) // 2
        kept_left, known_left = self._insert(cursor, rows[:middle], refused)
        kept_right, known_right = self._insert(cursor, rows[middle:], refused)
        return kept_left + kept_right, known_left + known_right

    def _leave_in_outbox(self, rows: list[Row], newest: Newest, moved: bool) -> int:
        """Tell jobs/ which devices have new fixes, over which time; the id of that outbox row.

        Where one of them is late, each device has its own time: else all would be looked at from then on.
        """
        moments = [item.position.fix_time for _, _, item in rows]
        first_fix, last_fix = min(moments), max(moments)
        is_long = last_fix - first_fix > NEAR
        oldest = _find_oldest(rows) if is_long else {}
        entry: int = queries.add_stored_batch(
            self._connection,
            first_fix=first_fix,
            last_fix=last_fix,
            device_ids=f"{{{','.join([str(read_head(head)) for head in newest])}}}",
            first_fixes=[oldest[head] for head in newest] if is_long else None,
            last_fixes=[row[2].position.fix_time for row in newest.values()] if is_long else None,
            latest_moved=moved,
        )
        return entry

    def _move_latest(self, cursor: psycopg.Cursor, newest: Newest) -> None:
        if self._owing:
            queries.settle_stored_batches(self._connection, ids=self._owing)
        if newest:
            copy_rows(cursor, "pg_temp.newest", _pieces(newest.values()))
            queries.update_latest(self._connection)
            notify_stored(self._connection, [read_head(head) for head in newest])

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


def catch_up_latest(connection: psycopg.Connection, older_than_s: float = 0.0) -> int:
    """Move `latest_positions` for batches whose writer ended before it did; how many devices it concerns."""
    with connection.transaction():
        queries.create_staging(connection)
        owed = [row[0] for row in queries.gather_owed(connection, older_than_s=older_than_s)]
        if owed:
            queries.update_latest(connection)
            notify_stored(connection, owed)
    return len(owed)


def notify_stored(connection: psycopg.Connection, device_ids: Iterable[int]) -> None:
    """Tell whoever listens which devices moved, in pieces that fit a notification."""
    texts = [str(device_id) for device_id in sorted(device_ids)]
    for start in range(0, len(texts), IDS_A_NOTIFICATION):
        queries.notify_stored(connection, device_ids=",".join(texts[start : start + IDS_A_NOTIFICATION]))


def _pieces(rows: Iterable[Row]) -> Iterator[bytes]:
    for head, fields, _ in rows:
        yield head
        yield fields


def _advance(newest: Newest, rows: Iterable[Row]) -> Newest:
    """Enter each device's newest row, unless the one that is there is newer; of two alike the first stays."""
    for row in rows:
        head = row[0]
        other = newest.get(head)
        if other is None or row[2].position.fix_time > other[2].position.fix_time:
            newest[head] = row
    return newest


def _find_oldest(rows: Iterable[Row]) -> dict[bytes, datetime]:
    """The time of each device's oldest fix."""
    oldest: dict[bytes, datetime] = {}
    for head, _, item in rows:
        moment = item.position.fix_time
        if moment < oldest.setdefault(head, moment):
            oldest[head] = moment
    return oldest


def _by_source(rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    def source(row: Row) -> str:
        return row[2].message.source

    for name, own in groupby(sorted(rows, key=source), key=source):
        yield name, list(own)


def _part_repeats(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """The first row of each device and time, and all that repeat one of these."""
    fresh: dict[bytes, Row] = {}
    repeated = [row for row in rows if fresh.setdefault(row_key(row[0], row[1]), row) is not row]
    return list(fresh.values()), repeated


def _count_by_day(rows: list[Row]) -> Repeats:
    return Repeats((read_head(head), item.position.fix_time.date()) for head, _, item in rows)


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
