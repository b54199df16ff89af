"""How far vehicles have gone: what people enter goes in where it fits, and trips carry it on from there.

A reading that somebody entered or imported stands as it is. Those of the sources `device` and `track` are
derived, one for each UTC day on which a vehicle drove: they follow from its trips and from what was entered,
whatever comes in which order.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg

from sql import audit
from sql.audit import Author, Row
from sql.queries import fetch_rows, queries
from sql.records import RecordError

DERIVED = ("device", "track")
LAST_OF_MINUTE = timedelta(seconds=59, microseconds=999_999)


class DoesNotFit(RecordError):
    """A reading is lower than an earlier one, or higher than a later one: `other` is that one."""

    def __init__(self, reason: str, other: Row) -> None:
        super().__init__("odometer_m", reason)
        self.other = other


def add_reading(
    connection: psycopg.Connection,
    author: Author,
    vehicle_id: int,
    read_at: datetime,
    odometer_m: float,
    is_correction: bool = False,
    notes: str = "",
    source: str = "entered",
) -> Row:
    """Keep a reading, which may have become a correction. Raises RecordError.

    A correction may be lower than what was entered before it, and everything after it counts from there; a
    reading that is none may not. What was derived gives way: one that is lower than that is a correction
    by itself. Of several in one minute, which is as exact as people enter it, the later entered is the later
    one.
    """
    try:
        with connection.transaction():
            queries.lock_vehicle(connection, vehicle_id=vehicle_id)
            before = _find_before(connection, vehicle_id, read_at, is_derived=False)
            derived = _find_before(connection, vehicle_id, read_at, is_derived=True)
            if before and before["read_at"] >= read_at and before["odometer_m"] == odometer_m:
                raise RecordError("read_at", "taken")
            for other in (before, derived):
                if other and other["read_at"] >= read_at:
                    read_at = other["read_at"] + timedelta(seconds=1)
            if before and not is_correction and odometer_m < before["odometer_m"]:
                raise DoesNotFit("lower", before)
            after = fetch_rows(connection, "find_reading_after", vehicle_id=vehicle_id, read_at=read_at)
            if after and not after[0]["is_correction"] and odometer_m > after[0]["odometer_m"]:
                raise DoesNotFit("higher", after[0])
            if derived and not (before and before["read_at"] > derived["read_at"]):
                is_correction = is_correction or odometer_m < derived["odometer_m"]
            reading = fetch_rows(
                connection,
                "add_reading",
                vehicle_id=vehicle_id,
                read_at=read_at,
                odometer_m=odometer_m,
                source=source,
                is_correction=is_correction,
                notes=notes,
                user_id=author.user_id,
            )[0]
            audit.record_change(connection, author, "add", "odometer_readings", None, reading)
            queries.derive_readings(connection, vehicle_ids=[vehicle_id], since=[read_at])
    except psycopg.errors.UniqueViolation as error:
        raise RecordError("read_at", "taken") from error
    return reading


def _find_before(
    connection: psycopg.Connection, vehicle_id: int, read_at: datetime, is_derived: bool
) -> Row | None:
    """The last reading up to a moment, or up to the end of its minute where it is a whole minute."""
    if read_at.second == 0 and read_at.microsecond == 0:
        read_at += LAST_OF_MINUTE
    asked: dict[str, Any] = {"vehicle_id": vehicle_id, "read_at": read_at, "is_derived": is_derived}
    rows = fetch_rows(connection, "find_reading_before", **asked)
    return rows[0] if rows else None


def advance_odometers(connection: psycopg.Connection, changed: Sequence[tuple[int, datetime]]) -> None:
    """Derive anew what follows from these trips, each the id of its device and when it began.

    The vehicles stay claimed until the transaction ends, always in the same order, so that several
    processes wait for one another and none for ever.
    """
    if not changed:
        return
    asked = {"device_ids": [device for device, _ in changed], "moments": [moment for _, moment in changed]}
    # Two statements: the second sees what was committed while the first waited.
    claimed = fetch_rows(connection, "lock_odometers", **asked)
    if claimed:
        queries.derive_readings(
            connection,
            vehicle_ids=[row["vehicle_id"] for row in claimed],
            since=[row["since"] for row in claimed],
        )
